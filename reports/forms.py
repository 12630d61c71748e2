"""What is typed on the pages of this app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

SEEN = "seen-"


class ConfirmForm(forms.Form):
    """Carries, in a field of its own for each value, the digest that was read: what was read is what is signed."""

    note = forms.CharField(
        label=_("What the confirmation rests on"),
        max_length=200,
        help_text=_(
            "Such as the approved protocol, its version and page, or the decision of the steering committee."
        ),
    )
    password = forms.CharField(
        label=_("Your password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("With it you sign: “Confirmed for the study team”."),
    )

    def __init__(self, typed: Any = None, *, digests: Mapping[str, str]) -> None:
        super().__init__(typed)
        for key, digest in digests.items():
            self.fields[f"{SEEN}{key}"] = forms.CharField(
                widget=forms.HiddenInput, required=False, initial=digest
            )

    def seen(self) -> dict[str, str]:
        """Return the digest that was read of each value, by the value's key."""
        return {
            name.removeprefix(SEEN): value
            for name, value in self.cleaned_data.items()
            if name.startswith(SEEN)
        }


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why the confirmation is withdrawn"), max_length=200)

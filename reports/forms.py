"""What is typed on the pages of this app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.fields import PasswordField, SeenField, WordsField
from kernel.service_form import ServiceForm
from reports.questions import ProtocolValueLine

SEEN = "seen-"


class ConfirmForm(ServiceForm):
    """Carries, in a field of its own for each value, the digest that was read: what was read is what is signed."""

    note = WordsField(
        label=_("What the confirmation rests on"),
        max_length=200,
        help_text=_(
            "Such as the approved protocol, its version and page, or the decision of the steering committee."
        ),
    )
    password = PasswordField(
        label=_("Your password"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("With it you sign: “Confirmed for the study team”."),
    )

    def __init__(self, typed: Any = None, *, lines: Sequence[ProtocolValueLine]) -> None:
        super().__init__(typed)
        self.lines = lines
        for line in lines:
            self.fields[f"{SEEN}{line.asked.key}"] = SeenField(required=False, initial=line.asked.digest)

    def arguments(self) -> dict[str, Any]:
        """Return the digest that was read of each value, by the value's item, and what the signature asks for."""
        typed = self.cleaned_data
        seen = {line.asked.item: typed[f"{SEEN}{line.asked.key}"] for line in self.lines}
        return {"seen": seen, "note": typed["note"], "password": typed["password"]}


class WithdrawForm(ServiceForm):
    reason = WordsField(label=_("Why the confirmation is withdrawn"), max_length=200)

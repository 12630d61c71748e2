"""What is typed on the pages of this app."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ConfirmForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
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


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why the confirmation is withdrawn"), max_length=200)

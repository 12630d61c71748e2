"""What is typed on the page *Set-up*."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import reading
from kernel.fields import PasswordField, WordsField
from kernel.service_form import ServiceForm


class TryMailForm(ServiceForm):
    """The button that asks for a mail."""


class MailNumberForm(ServiceForm):
    number = WordsField(
        label=_("Number in the mail"),
        max_length=12,
        read=reading.code,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class SafeKeyForm(ServiceForm):
    """The copy from the safe; its name stands in the address of the page."""

    copy = PasswordField(
        label=_("The key, as the copy in the safe says"),
        max_length=2000,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "Compared with the key of this server, and not kept. Read it from the paper or the medium in the safe."
        ),
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name

    def arguments(self) -> dict[str, Any]:
        return {"name": self.name, "copy": self.cleaned_data["copy"]}

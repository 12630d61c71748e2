"""What a person types about their own account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.models import Density, Theme, User
from accounts.passkeys import MOST_CHARACTERS
from accounts.services import SigningLocked, signing_locked
from accounts.throttle import count_wrong_password
from kernel import reading
from kernel.fields import PasswordField, WordsField
from kernel.service_form import ServiceForm


def _password(label: Any, *, kind: str = "current-password", **more: Any) -> PasswordField:
    widget = forms.PasswordInput(attrs={"autocomplete": kind})
    return PasswordField(label=label, widget=widget, max_length=200, **more)


def code_field(*, required: bool, help_text: Any = "") -> WordsField:
    """Return the field of the six digits, read from any keyboard."""
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}
    return WordsField(
        label=_("Code from your app"),
        required=required,
        max_length=200,
        read=reading.code,
        widget=forms.TextInput(attrs=attrs),
        help_text=help_text,
    )


class SignInForm(forms.Form):
    username = WordsField(
        label=_("User name or e-mail address"),
        max_length=254,
        read=reading.plain,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = _password(_("Password"))
    code = code_field(
        required=False, help_text=_("Six digits, if your account has a second factor; or a recovery code.")
    )
    passkey = WordsField(required=False, max_length=MOST_CHARACTERS, widget=forms.HiddenInput)


class CodeForm(forms.Form):
    code = code_field(required=True)


class FactorForm(forms.Form):
    """The account's own second factor, after a hospital has said who is there."""

    code = code_field(required=False, help_text=_("Six digits; or a recovery code."))
    passkey = WordsField(required=False, max_length=MOST_CHARACTERS, widget=forms.HiddenInput)


class OwnPasswordForm(ServiceForm):
    """The password in force, to show that the person is at the keyboard."""

    password = _password(_("Your password"))

    def __init__(self, *args: Any, user: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.at = user, at

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if signing_locked(self.user, at=self.at):
            raise forms.ValidationError(SigningLocked.message)
        if not self.user.check_password(password):
            count_wrong_password(self.user)
            raise forms.ValidationError(_("This is not the password of your account. Type it again."))
        return password

    def arguments(self) -> dict[str, Any]:
        """The password opens the step; the service is not told of it."""
        return {}


class PasskeyForm(OwnPasswordForm):
    """How the passkey is called on the person's own list; what the browser answers comes beside it."""

    label = WordsField(
        label=_("What it is"), max_length=40, help_text=_("For example: key on my ring, ward computer.")
    )
    field_order = ("label", "password")

    def arguments(self) -> dict[str, Any]:
        return {"name": self.cleaned_data["label"]}


class RemovePasskeyForm(OwnPasswordForm):
    key = WordsField(label=_("Passkey"), max_length=2000, widget=forms.HiddenInput)

    def arguments(self) -> dict[str, Any]:
        return {"key": self.cleaned_data["key"]}


class DisconnectForm(OwnPasswordForm):
    issuer = WordsField(label=_("Hospital"), max_length=400, widget=forms.HiddenInput)

    def arguments(self) -> dict[str, Any]:
        return {"issuer": self.cleaned_data["issuer"]}


class NewPasswordForm(OwnPasswordForm):
    new = _password(
        _("New password"),
        kind="new-password",
        help_text=_("At least 12 characters. A sentence that only you would write is easy to keep in mind."),
    )
    again = _password(_("New password again"), kind="new-password")

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        validate_password(new, self.user)
        if self.user.check_password(new):
            raise forms.ValidationError(_("This is the password in force. Choose another one."))
        return new

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "new" in cleaned and cleaned.get("again") != cleaned["new"]:
            self.add_error("again", _("The two new passwords differ. Type both again."))
        return cleaned

    def arguments(self) -> dict[str, Any]:
        return {"password": self.cleaned_data["new"]}


class FirstPasswordForm(NewPasswordForm):
    """The first password, chosen by its owner: there is none in force that could be asked for."""

    password = None  # type: ignore[assignment]


class AppearanceForm(ServiceForm):
    """Colours and density in which the person reads; what is left empty follows the device."""

    theme = forms.ChoiceField(
        label=_("Colours"),
        choices=[("", _("As the device has it")), *Theme.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    density = forms.ChoiceField(
        label=_("Density"),
        choices=[("", _("Comfortable")), *Density.choices],
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, typed: Any = None, *, user: User) -> None:
        super().__init__(typed, initial={"theme": user.theme or "", "density": user.density or ""})

    def arguments(self) -> dict[str, Any]:
        """Return what was chosen; null where nothing was."""
        return {name: self.cleaned_data[name] or None for name in ("theme", "density")}


class SavedViewForm(ServiceForm):
    """A view of a list: its page, what the address asks, and its name."""

    page = WordsField(max_length=200, read=reading.plain, widget=forms.HiddenInput)
    query = WordsField(max_length=600, read=reading.plain, required=False, widget=forms.HiddenInput)
    label = WordsField(label=_("Name of the view"), max_length=60, read=reading.plain)

    def clean_page(self) -> str:
        """A page of this program, and no other."""
        page: str = self.cleaned_data["page"]
        if not page.startswith("/") or page.startswith("//") or "?" in page or "\\" in page:
            raise forms.ValidationError(_("Save the view from its list."))
        return page

    @property
    def address(self) -> str:
        """The list as it was seen when the view was saved."""
        query = self.cleaned_data.get("query", "")
        return f"{self.cleaned_data['page']}?{query}" if query else str(self.cleaned_data["page"])


class RemoveViewForm(SavedViewForm):
    def arguments(self) -> dict[str, Any]:
        return {"page": self.cleaned_data["page"], "label": self.cleaned_data["label"]}

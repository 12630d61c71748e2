"""What is asked before a pack is made, released or shared, and of who opens a share."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.forms import ChoiceField, RadioSelect, Select, TextInput
from django.utils.translation import gettext_lazy as _

from accounts.series import SigningField
from committee.models import ArmDisplay, PackFile, PackPart
from exports.models import KeptCut
from kernel.fields import AddressField, DayField, PasswordField, WordsField
from kernel.punctuation import listed_facts
from kernel.service_form import ServiceForm


class PackForm(ServiceForm):
    """Title, cut and arms of a pack."""

    title = WordsField(label=_("Title"), max_length=80, help_text=_("For example “committee 3, spring”."))
    cut = ChoiceField(label=_("Named cut"), help_text=_("The pack shows the trial as it stood then."))
    arms = ChoiceField(
        label=_("Arms"),
        choices=ArmDisplay.choices,
        initial=ArmDisplay.MASKED,
        widget=RadioSelect,
        help_text=_("A masked pack leaves out what would tell which arm is which, and lists it."),
    )

    def __init__(self, *args: Any, cuts: list[KeptCut], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["cut"]
        choice.choices = [(kept.name, kept.name) for kept in cuts]


class ReleasePackForm(ServiceForm):
    """The password of the second person, who signs."""

    password = SigningField(label=_("Password"))


class ShareForm(ServiceForm):
    """Which part goes to whom, and until when."""

    part = ChoiceField(label=_("Part"), choices=PackPart.choices)
    recipient = WordsField(
        label=_("Name of the recipient"),
        max_length=80,
        help_text=_("It stands on each page that they download."),
    )
    email = AddressField(label=_("E-mail"))
    language = ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    expires_on = DayField(label=_("Valid to the end of"))


class OpenShareForm(ServiceForm):
    """The passcode, and which file is wanted."""

    is_atomic = False  # a wrong passcode stays counted

    passcode = PasswordField(
        label=_("Passcode"),
        widget=TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "form-control"}),
    )
    file = ChoiceField(label=_("File"), widget=Select(attrs={"class": "form-select"}))

    def __init__(self, *args: Any, files: list[PackFile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["file"]
        languages = dict(settings.LANGUAGES)
        choice.choices = [
            (str(each.pk), listed_facts(each.get_kind_display(), languages.get(each.language, "")))
            for each in files
        ]
        choice.initial = str(files[0].pk) if files else None

"""What is typed about the texts of the public page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.series import SigningField
from kernel.fields import DayField, WholeNumberField, WordsField
from kernel.service_form import ServiceForm
from trials.models import PublicText
from website.public.blocks import BY_CODE
from website.services.texts import BODY_MAX, TITLE_MAX


class TextForm(ServiceForm):
    title = WordsField(label=_("Title"), max_length=TITLE_MAX)
    body = WordsField(
        label=_("Text"),
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("An empty line ends a paragraph. A line that begins with “- ” is an item of a list."),
    )
    based_on = WholeNumberField(widget=forms.HiddenInput, min_value=0)


class ReleaseForm(ServiceForm):
    texts = forms.TypedMultipleChoiceField(
        label=_("Texts to release"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Read each of them in the preview first. You sign every one that is ticked."),
        error_messages={"required": _("Tick at least one text.")},
    )
    ethics_approved_on = DayField(
        label=_("Approved by the ethics committee on"),
    )
    ethics_reference = WordsField(
        label=_("Number of the ethics approval"), max_length=80, help_text=_("As on the committee's letter.")
    )
    password = SigningField(
        label=_("Your password"),
        help_text=_("It stands for your signature under these texts."),
    )

    def __init__(self, *args: Any, drafts: Sequence[PublicText], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drafts = {each.pk: each for each in drafts}
        named = [(each.pk, f"{BY_CODE[each.block].about}: “{each.title}”") for each in drafts]
        self.fields["texts"].choices = named  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """Return the texts that were ticked themselves, in the order of the page."""
        ticked = self.cleaned_data["texts"]
        return self.cleaned_data | {"texts": [text for pk, text in self.drafts.items() if pk in ticked]}


class WithdrawTextForm(ServiceForm):
    reason = WordsField(
        label=_("Reason"), max_length=200, help_text=_("It is kept with the text. Readers do not see it.")
    )


class ConfirmPageForm(ServiceForm):
    password = SigningField(
        label=_("Your password"),
        help_text=_("It stands for your signature: you have read the page and it is true."),
    )

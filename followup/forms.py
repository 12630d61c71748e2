"""What is typed about visits and contacts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from followup.visit_conduct import ContactMode, ContactResult, ContactRoute, SourceKeeper
from followup.wording import NotDone, milestone_name
from kernel.fields import DayField, WordsField
from kernel.service_form import ForeseeingForm, ServiceForm
from protocol.text import ProtocolText
from trials.models import ConsentVersion, SiteVersion


class TookPlaceForm(ServiceForm):
    took_place_on = DayField(label=_("Took place on"))


class ChangeTookPlaceForm(TookPlaceForm):
    """What is on record of a visit changes only with a reason."""

    reason = WordsField(label=_("Reason for the change"), max_length=200)


class DescribeVisitForm(ServiceForm):
    contact_mode = forms.ChoiceField(
        label=_("How and where was it made?"), choices=ContactMode.choices, widget=forms.RadioSelect
    )
    source_keeper = forms.ChoiceField(
        label=_("Whose record is the source?"), choices=SourceKeeper.choices, widget=forms.RadioSelect
    )


class ChangeDescriptionForm(DescribeVisitForm):
    """What was said of how a visit was made changes only with a reason."""

    reason = WordsField(label=_("Reason for the change"), max_length=200)


class NotDoneForm(ServiceForm):
    why = forms.ChoiceField(label=_("Why it was not done"), choices=NotDone.choices, widget=forms.RadioSelect)
    detail = WordsField(
        label=_("In words"), max_length=180, required=False, help_text=_("Needed for another reason.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        detail = cleaned.pop("detail", "").strip()
        if cleaned.get("why") == NotDone.OTHER:
            if not detail:
                self.add_error("detail", _("Say in words why the visit was not done."))
            cleaned["why"] = detail
        return cleaned


class ChangeNotDoneForm(NotDoneForm):
    """A visit on record becomes not done, or not done for another reason, only with a reason for the change."""

    reason = WordsField(label=_("Reason for the change"), max_length=200)


class ProposeDayForm(ServiceForm):
    day = DayField(label=_("Proposed day"))


class UnscheduledForm(ServiceForm):
    took_place_on = DayField(label=_("Took place on"))
    why = WordsField(label=_("Why the participant came"), max_length=200)
    forms = forms.MultipleChoiceField(
        label=_("Forms to fill"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only the forms that hold something new."),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["forms"].choices = choices  # type: ignore[attr-defined]


class ContactAttemptForm(ForeseeingForm):
    asks_always = False

    on = DayField(label=_("Tried on"))
    route = forms.ChoiceField(label=_("Route"), choices=[("", _("Choose")), *ContactRoute.choices])
    result = forms.ChoiceField(label=_("Result"), choices=[("", _("Choose")), *ContactResult.choices])
    note = WordsField(
        label=_("Note"), max_length=200, required=False, help_text=_("No names and no telephone numbers.")
    )


class CancelAttemptForm(ForeseeingForm):
    asks_always = False

    reason = WordsField(label=_("Reason"), max_length=200)


class LostForm(ForeseeingForm):
    on = DayField(
        label=_("Lost since"),
        help_text=_(
            "The day by which enough was tried: that of the last attempt that the rule asks for, or later."
        ),
    )


class CancelLossForm(ForeseeingForm):
    reason = WordsField(label=_("Reason"), max_length=200)


class PreviewForm(forms.Form):
    milestone = forms.ChoiceField(label=_("If this milestone"))
    on = DayField(
        label=_("had this date"), required=False, help_text=_("Leave empty for: it has not happened.")
    )

    def __init__(self, *args: Any, text: ProtocolText, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.code, milestone_name(each)) for each in text.milestones]
        self.fields["milestone"].choices = choices  # type: ignore[attr-defined]


FIELDS_OF_APPROVAL = ("approved_on", "reference", "letter_on", "consent")


class ApprovalForm(ServiceForm):
    approved_on = DayField(label=_("Approved by the ethics committee on"))
    reference = WordsField(
        label=_("Reference of the letter"), max_length=80, help_text=_("As on the committee's letter.")
    )
    letter_on = DayField(label=_("Date of the letter"))
    consent: Any = forms.ModelChoiceField(
        label=_("Consent text to be signed anew"),
        queryset=None,
        required=False,
        empty_label=_("Nobody has to consent anew"),
        help_text=_("Living participants who have not signed it are listed until they have."),
    )

    def __init__(
        self, *args: Any, site_version: SiteVersion | None, texts: QuerySet[ConsentVersion], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consent"].queryset = texts  # type: ignore[attr-defined]
        if site_version is not None:
            self.fields["reason"] = WordsField(label=_("Reason for the change"), max_length=200)
            self.initial.update({n: getattr(site_version, n) for n in FIELDS_OF_APPROVAL})


class OpenVersionForm(ServiceForm):
    reason = WordsField(label=_("Reason"), max_length=200, help_text=_("Such as the amendment and its date."))


class DataCutForm(ServiceForm):
    on = DayField(label=_("Data cut on"))
    purpose = WordsField(label=_("What it is for"), max_length=120)


class CancelCutForm(ServiceForm):
    reason = WordsField(label=_("Reason"), max_length=200)


class MoveCutForm(ServiceForm):
    on = DayField(label=_("New day of the data cut"))
    reason = WordsField(label=_("Reason"), max_length=200)

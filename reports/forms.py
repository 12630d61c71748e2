"""What is typed on the pages of this app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.series import SigningField
from audit.models import ReviewOutcome
from crf.attachments.services import taken_file
from kernel.fields import DayField, SeenField, WholeNumberField, WordsField
from kernel.service_form import ServiceForm
from reports.questions import ProtocolValueLine
from reports.trail import TrailFilter
from trials.forms import ChecklistForm

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
    password = SigningField(
        label=_("Your password"),
        max_length=200,
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


class TrailFilterForm(forms.Form):
    """What the page of the audit trail is narrowed to; it stands in the address."""

    person = WordsField(required=False, max_length=40)
    site = WordsField(required=False, max_length=2)
    participant = WordsField(required=False, max_length=20)
    form = WordsField(required=False, max_length=8)
    field = WordsField(required=False, max_length=80)
    kind = WordsField(required=False, max_length=20)
    until = DayField(required=False)

    def __init__(self, typed: Any) -> None:
        super().__init__(typed)
        self.fields["from"] = DayField(required=False)

    def clean(self) -> dict[str, Any]:
        """Return what was read, under the names that the filter has."""
        cleaned = super().clean() or {}
        cleaned["since"] = cleaned.pop("from", None)
        return cleaned

    @classmethod
    def filter_of(cls, query: Mapping[str, str]) -> TrailFilter:
        """Return the filter that an address or a planned review says."""
        form = cls(query)
        form.is_valid()
        return TrailFilter(**{name: value for name, value in form.cleaned_data.items() if value})


class PlanReviewForm(ServiceForm):
    name = WordsField(label=_("Name"), max_length=80)
    every_days = WholeNumberField(label=_("Every how many days"), min_value=1, max_value=366, initial=30)
    first_on = DayField(label=_("First due on"))


class RecordReviewForm(ServiceForm):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=ReviewOutcome.choices)
    note = WordsField(
        label=_("What was seen and done"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Queries that were raised, people who were asked, what was found odd and why it is not."),
    )


class ChangeReviewForm(ServiceForm):
    every_days = WholeNumberField(label=_("Every how many days"), min_value=1, max_value=366)
    reason = WordsField(label=_("Reason"), max_length=200)


class EndReviewForm(ServiceForm):
    reason = WordsField(label=_("Reason"), max_length=200)


class ChecklistFileForm(ChecklistForm):
    """A line of a site's checklist with the document behind it: read and checked as files beside a record are."""

    file = forms.FileField(
        label=_("Document"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "Such as the letter of approval, or the signed pages of the contract without its prices. PDF, PNG or JPEG, "
            "{megabytes} MB at most. Earlier documents stay on record."
        ).format(megabytes=settings.ATTACHMENT_MAX_BYTES // (1024 * 1024))

    def arguments(self) -> dict[str, Any]:
        sent = self.cleaned_data["file"]
        file = taken_file(sent.read(), sent.name)[0] if sent else None
        return {**self.cleaned_data, "file": file}


class SiteRoleForm(ServiceForm):
    """Who is to hold a role of the site, and from when."""

    user: Any = forms.ModelChoiceField(label=_("Person"), queryset=None)
    starts_on = DayField(label=_("From"))

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]

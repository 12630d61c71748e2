"""What is asked when an acceptable range is set, and when a finding has been followed up."""

from __future__ import annotations

from django.forms import ChoiceField, Textarea
from django.utils.translation import gettext_lazy as _

from kernel.fields import PointedField, WordsField
from kernel.service_form import ServiceForm
from monitoring.models import FollowUpOutcome


class RangeForm(ServiceForm):
    """The ends of an acceptable range, and why."""

    lowest = PointedField(label=_("At least"), required=False)
    highest = PointedField(label=_("At most"), required=False)
    reason = WordsField(
        label=_("Reason"),
        max_length=200,
        help_text=_("For example the meeting at which the study team set it."),
    )


class OutcomeForm(ServiceForm):
    """What became of a finding."""

    outcome = ChoiceField(label=_("Outcome"), choices=FollowUpOutcome.choices)
    note = WordsField(
        label=_("What was looked at and found"), max_length=2000, widget=Textarea(attrs={"rows": 4})
    )

"""What the page of reference ranges shows, and what is typed there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crf.catalogue.laboratory.codes import TEST
from crf.catalogue.laboratory.words import why_not
from crf.catalogue.shared.common import SEX
from crf.engine.messages import range_text
from kernel.fields import DayField, WordsField
from kernel.punctuation import listed
from kernel.reading import plain
from kernel.service_form import ServiceForm
from protocol.reference_lines import RangeLine, read_range_lines
from trials.models import ReferenceRange

MOST_TYPED = 20_000


@dataclass(frozen=True)
class ShownRange:
    """One range in words."""

    row: ReferenceRange
    test: str
    limits: str
    whom: str


def range_lines(rows: Iterable[ReferenceRange]) -> list[ShownRange]:
    """Return the ranges in words, in the order in which they come."""
    return [
        ShownRange(row, TEST.label(row.test), range_text((row.low, row.high)), _whom(row)) for row in rows
    ]


def _whom(row: ReferenceRange) -> str:
    said = [SEX.label(row.sex)] if row.sex else []
    if row.age_from or row.age_to is not None:
        ages = range_text((row.age_from, row.age_to))
        said.append(_("age {span}").format(span=ages))
    return listed(said) or _("everybody")


class RangesForm(ServiceForm):
    """Ranges of one laboratory from one day on, a line each, as the laboratory prints them."""

    laboratory = WordsField(
        label=gettext_lazy("Laboratory, where it is not the one of the site"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Under this name panels of that laboratory are entered."),
    )
    since = DayField(label=gettext_lazy("In force from"))
    lines = WordsField(
        label=gettext_lazy("Ranges, a line each"),
        max_length=MOST_TYPED,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=gettext_lazy(
            "Test; unit; range; sex; age, with a tab or a semicolon between them: HGB; g/L; 130-175; M. The range is "
            "3.5-9.5, <5 or >60. Sex (M or F) and age (18-60) only where the range depends on them."
        ),
    )

    def clean_lines(self) -> list[RangeLine]:
        """Read the lines; each that is not understood is told by its number, and nothing is kept of the others."""
        typed = self.cleaned_data["lines"].split("\n")
        lines = list(read_range_lines([plain(line) if line.strip() else "" for line in typed]))
        faults = [
            _("Line {number}, “{text}”: {why}.").format(
                number=line.number, text=line.text, why=why_not(line.why)
            )
            for line in lines
            if line.why is not None
        ]
        if faults:
            raise forms.ValidationError(faults)
        return lines


class WithdrawRangeForm(ServiceForm):
    reason = WordsField(label=gettext_lazy("Reason"), max_length=200)

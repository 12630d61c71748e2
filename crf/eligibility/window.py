"""Screening that is too old: what the forms would find after randomization on a day (protocol 2.2, 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from crf import catalogue
from crf.eligibility.evidence import SOURCE_FORMS, SOURCE_READS
from crf.engine.answers import AnswerRow
from crf.engine.checks import Check
from crf.engine.declaration import FormDeclaration
from crf.store.context import FormContext
from trials.models import Participant

RANDOMIZED = "milestone.RAND"
LIMITS = ("setting.screening_window_days", "setting.biopsy_window_days")


@dataclass(frozen=True)
class TooOld:
    """One day of screening that lies outside its window, with the limit and the form that it stands on."""

    field: str
    label: str
    day: date
    most_days: int
    age: int
    url: str


def too_old_on(participant: Participant, *, on: date, at: datetime) -> list[TooOld]:
    """Return every day of screening that would be out of its window if the participant were randomized ``on``.

    The checks are those of the forms themselves, which judge the same after randomization.
    """
    form_context = FormContext(participant, at=at)
    form_context.fetch(SOURCE_READS)
    return [
        each
        for code in sorted(SOURCE_FORMS)
        if (records := form_context.records(code))
        for each in _of_form(catalogue.form(code), records[-1], form_context, on)
    ]


def _of_form(
    form: FormDeclaration, record: AnswerRow, form_context: FormContext, on: date
) -> Iterator[TooOld]:
    known = {**form_context.context(form), RANDOMIZED: on}
    for check in form.checks:
        limit = next((read for read in check.reads if read in LIMITS), None)
        if limit is None or RANDOMIZED not in check.reads:
            continue
        values = {read: known.get(read, record.get(read)) for read in check.reads}
        if None not in values.values() and _is_broken(check, values):
            (field,) = check.fields
            yield TooOld(
                field=field,
                label=str(form.questions[field].text),
                day=record[field],
                most_days=int(values[limit] or 0),
                age=(on - record[field]).days,
                url=reverse("crf:form", args=[form_context.participant.number, form.code]),
            )


def _is_broken(check: Check, values: AnswerRow) -> bool:
    return check.passes(**{read.lower().replace(".", "_"): value for read, value in values.items()}) is False

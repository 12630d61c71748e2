"""A difference between what is stored and a fresh evaluation, as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from crf import catalogue
from crf.engine.base import RecordState
from crf.engine.declaration import FormDeclaration
from crf.engine.messages import display, question_at
from crf.engine.versions import worded
from crf.links import form_url
from crf.models import DerivedDifference, DifferenceKind


@dataclass(frozen=True)
class DifferenceLine:
    """One difference of the list."""

    row: DerivedDifference
    form_title: str
    label: str
    stored: str
    worked_out: str
    what_to_do: str
    href: str


def line_of(row: DerivedDifference) -> DifferenceLine:
    """Return a difference as lists show it."""
    record, form = row.record, catalogue.forms().get(row.record.form_code)
    form = worded(form, record.protocol_version) if form else None
    return DifferenceLine(
        row=row,
        form_title=str(form.title) if form else record.form_code,
        label=_label(row, form),
        stored=_value(row, form, row.stored),
        worked_out=_value(row, form, row.worked_out),
        what_to_do=_what_to_do(row),
        href=form_url(
            row.participant.number, record.form_code, visit_id=record.visit_id, sequence=record.sequence
        ),
    )


def _label(row: DerivedDifference, form: FormDeclaration | None) -> str:
    if row.kind == DifferenceKind.STATE:
        return _("State of the form")
    if row.kind == DifferenceKind.QUERY:
        return _("Query of %(check)s") % {"check": row.item}
    question = question_at(form, row.item) if form else None
    if question is None or form is None:
        return row.item
    group, _dot, rest = row.item.partition(".")
    if not rest:
        return str(question.text)
    return f"{form.groups[group].title} {rest.split('.')[0]}: {question.text}"


def _value(row: DerivedDifference, form: FormDeclaration | None, value: Any) -> str:
    if row.kind == DifferenceKind.STATE:
        return str(RecordState(value).label)
    if row.kind == DifferenceKind.QUERY:
        return _("open query") if value else _("no open query")
    question = question_at(form, row.item) if form else None
    shown = display(question, value, zone=row.site.time_zone) if question else str(value or "")
    return shown or _("empty")


def _what_to_do(row: DerivedDifference) -> str:
    if row.settled_at is not None:
        return _("Nothing: both agree again.")
    if row.record.state == RecordState.LOCKED:
        return _("The form is locked and stays as it was. Unlock it first if it is to follow.")
    if row.lock_kind:  # type: ignore[attr-defined]  # the list is read with it
        return _("The form is frozen and stays as it is. It follows once the freeze ends.")
    return _(
        "Tell the people who run the system, so that they find the cause. Then have the participant worked out again."
    )

"""What the page of a record shows of records that were begun from its rows, and of the rows it was begun from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import pgettext

from accounts.permissions import Permission
from crf import catalogue
from crf.engine import messages
from crf.engine.answers import AnswerRow
from crf.engine.declaration import FormDeclaration
from crf.engine.leads import Lead
from crf.engine.questions import NUMERIC, Question
from crf.links import at_visit, form_url
from crf.models import Query
from crf.page.editor import RecordEditor
from crf.store.records import StoredRecord
from kernel.units import unit_in_print


@dataclass(frozen=True)
class LeadLine:
    """One row in words, where the record begun from it stands, or what begins one."""

    text: str
    href: str = ""
    number: int | None = None
    begin: str = ""


@dataclass(frozen=True)
class LeadList:
    """The rows of one table that lead to records of another form."""

    title: str
    label: str
    lines: tuple[LeadLine, ...]


def leads_of(editor: RecordEditor, queries: Iterable[tuple[Query, str]]) -> tuple[LeadList, ...]:
    """Return the rows of the saved record that lead to another form; ``queries`` are those that wait on it."""
    stored = editor.stored
    if stored is None:
        return ()
    may = editor.user.may(Permission.CRF_EDIT, editor.record_key.participant.site_id)
    asked = frozenset(query.key for query, _words in queries)
    leads = (
        LeadList(str(lead.title), str(lead.label), tuple(_lines(editor, stored, lead, asked, may=may)))
        for lead in editor.form.leads
    )
    return tuple(each for each in leads if each.lines)


def _lines(
    editor: RecordEditor, stored: StoredRecord, lead: Lead, asked: Collection[str], *, may: bool
) -> Iterator[LeadLine]:
    number, outcome = editor.record_key.participant.number, stored.outcome(editor.form)
    for each in outcome.groups[lead.group]:
        row, there = lead.completed(outcome.values, each), each.get(lead.number)
        is_settled = lead.asked_by and f"{lead.asked_by}:{lead.group}.{each['position']}" not in asked
        if not lead.is_one(row) or is_settled or (there is not None and _is_linked(editor.form, lead)):
            continue
        text = _words(editor.form, lead, row, editor.zone)
        if there is not None:
            yield LeadLine(text, form_url(number, lead.code, sequence=there), there)
        else:
            yield LeadLine(text, begin=_begin(editor, lead, row) if may else "")


def _is_linked(form: FormDeclaration, lead: Lead) -> bool:
    """Say whether the number of the record is typed: then it stands among the linked records, both ways."""
    return bool(lead.number and form.groups[lead.group].questions[lead.number].links_to)


def _begin(editor: RecordEditor, lead: Lead, row: AnswerRow) -> str:
    place = editor.record_key
    args = [place.participant.number, place.form.code, place.sequence, lead.group, row["position"]]
    return at_visit(reverse("crf:lead", args=args), place.visit.pk if place.visit else None)


def _words(form: FormDeclaration, lead: Lead, row: AnswerRow, zone: str) -> str:
    questions = form.groups[lead.group].questions
    said = (_fact(questions[name], row[name], zone) for name in lead.shown)
    return " · ".join(filter(None, said))


def _fact(question: Question, value: Any, zone: str) -> str:
    """Return an answer in words, a number with its name and unit."""
    text = messages.display(question, value, zone=zone)
    if not text or question.kind not in NUMERIC:
        return text
    return f"{question.text}{pgettext('after a label', ': ')}{text} {unit_in_print(question.unit)}".strip()


def led_from(editor: RecordEditor) -> tuple[LeadLine, ...]:
    """Return the rows of other forms that this record was begun from, each with its page."""
    if editor.stored is None:
        return ()
    return tuple(
        line
        for form in catalogue.forms().values()
        for lead in form.leads
        if lead.code == editor.record_key.form.code and lead.number and not _is_linked(form, lead)
        for line in _origins(editor, form, lead)
    )


def _origins(editor: RecordEditor, form: FormDeclaration, lead: Lead) -> Iterator[LeadLine]:
    place, group = editor.record_key, form.groups[lead.group]
    rows = group.model.objects.open_to(editor.user, Permission.CRF_VIEW).filter(
        record__participant=place.participant, removed=False, **{lead.number: place.sequence}
    )
    for row in rows.select_related("record__visit").order_by("pk"):
        values = {name: getattr(row.record, name) for name in form.questions}
        answers = lead.completed(values, {name: getattr(row, name) for name in group.questions})
        href = form_url(
            place.participant.number, form.code, visit_id=row.record.visit_id, sequence=row.record.sequence
        )
        where = str(row.record.visit) if row.record.visit else str(row.record.sequence)
        yield LeadLine(f"{form.title} {where}: {_words(form, lead, answers, editor.zone)}", href)

"""What the page of a record shows of records that were begun from its rows, and of the rows it was begun from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from accounts.permissions import Permission
from crf import catalogue
from crf.engine import messages
from crf.engine.answers import AnswerRow
from crf.engine.declaration import FormDeclaration
from crf.engine.leads import Lead
from crf.links import at_visit, form_url
from crf.page.editor import RecordEditor
from crf.store.records import StoredRecord


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


def leads_of(editor: RecordEditor) -> tuple[LeadList, ...]:
    """Return the rows of the saved record that lead to another form."""
    stored = editor.stored
    if stored is None:
        return ()
    may = editor.user.may(Permission.CRF_EDIT, editor.record_key.participant.site_id)
    leads = (
        LeadList(str(lead.title), str(lead.label), tuple(_lines(editor, stored, lead, may=may)))
        for lead in editor.form.leads
    )
    return tuple(each for each in leads if each.lines)


def _lines(editor: RecordEditor, stored: StoredRecord, lead: Lead, *, may: bool) -> Iterator[LeadLine]:
    number = editor.record_key.participant.number
    for row in stored.outcome(editor.form).groups[lead.group]:
        if not lead.is_one(row):
            continue
        text, there = _words(editor.form, lead, row, editor.zone), row[lead.number]
        if there is not None:
            yield LeadLine(text, form_url(number, lead.code, sequence=there), there)
        else:
            yield LeadLine(text, begin=_begin(editor, lead, row) if may else "")


def _begin(editor: RecordEditor, lead: Lead, row: AnswerRow) -> str:
    place = editor.record_key
    args = [place.participant.number, place.form.code, place.sequence, lead.group, row["position"]]
    return at_visit(reverse("crf:lead", args=args), place.visit.pk if place.visit else None)


def _words(form: FormDeclaration, lead: Lead, row: AnswerRow, zone: str) -> str:
    questions = form.groups[lead.group].questions
    said = (messages.display(questions[name], row[name], zone=zone) for name in lead.shown)
    return " · ".join(filter(None, said))


def led_from(editor: RecordEditor) -> tuple[LeadLine, ...]:
    """Return the rows of other forms that this record was begun from, each with its page."""
    if editor.stored is None:
        return ()
    return tuple(
        line
        for form in catalogue.forms().values()
        for lead in form.leads
        if lead.code == editor.record_key.form.code
        for line in _origins(editor, form, lead)
    )


def _origins(editor: RecordEditor, form: FormDeclaration, lead: Lead) -> Iterator[LeadLine]:
    place, group = editor.record_key, form.groups[lead.group]
    rows = group.model.objects.open_to(editor.user, Permission.CRF_VIEW).filter(
        record__participant=place.participant, removed=False, **{lead.number: place.sequence}
    )
    for row in rows.select_related("record__visit").order_by("pk"):
        answers = {name: getattr(row, name) for name in group.questions}
        href = form_url(
            place.participant.number, form.code, visit_id=row.record.visit_id, sequence=row.record.sequence
        )
        where = str(row.record.visit) if row.record.visit else str(row.record.sequence)
        yield LeadLine(f"{form.title} {where}: {_words(form, lead, answers, editor.zone)}", href)

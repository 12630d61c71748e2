"""The records that a record names by their numbers, and those that name it: both ways, by one question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from accounts.permissions import Permission
from crf import catalogue
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Question
from crf.links import form_url
from crf.models import Record
from crf.page.editor import RecordEditor

PLACE = ("form_code", "sequence", "visit_id", "visit__code")


@dataclass(frozen=True)
class LinkedLine:
    """One record in words, what links it, and its page; without one it is named and not there."""

    text: str
    why: str
    href: str = ""


@dataclass(frozen=True)
class NamingQuestion:
    """A question whose answers are numbers of records of another form: on the form, or in a table of it."""

    form: FormDeclaration
    question: Question
    group: str = ""

    @property
    def words(self) -> str:
        return str(self.question.text)


def naming_questions() -> Iterator[NamingQuestion]:
    """Yield the questions of every form that name records of another one."""
    for form in catalogue.forms().values():
        for question in form.questions.values():
            if question.links_to:
                yield NamingQuestion(form, question)
        for group in form.groups.values():
            for question in group.questions.values():
                if question.links_to:
                    yield NamingQuestion(form, question, group.name)


def linked_records(editor: RecordEditor) -> tuple[LinkedLine, ...]:
    """Return the records that are linked with this one: those that it names first."""
    if editor.stored is None:
        return ()
    named, naming = _named(editor), _naming(editor)
    asked = [*_existing(editor, named), *(rows for _each, rows in naming)]
    if not asked:
        return ()
    linked = list(asked[0].union(*asked[1:], all=True) if len(asked) > 1 else asked[0])
    there = {(code, sequence) for place, code, sequence, _visit, _code in linked if place < 0}
    lines = [_line_of(editor, each, number, there) for each, number in named]
    for place, code, sequence, visit, visit_code in sorted(row for row in linked if row[0] >= 0):
        form = catalogue.form(code)
        where = visit_code or (sequence if form.repeats.value == "log" else "")
        href = form_url(editor.record_key.participant.number, code, visit_id=visit, sequence=sequence)
        lines.append(LinkedLine(f"{form.title} {where}".strip(), naming[place][0].words, href))
    return tuple(dict.fromkeys(lines))


def _may_see(editor: RecordEditor, form: FormDeclaration) -> bool:
    return editor.user.may(form.seen_by, editor.record_key.participant.site_id)


def _named(editor: RecordEditor) -> list[tuple[NamingQuestion, int]]:
    """Return the numbers that this record names, in the order of its questions."""
    if editor.stored is None:
        return []
    outcome, named = editor.stored.outcome(editor.form), []
    for each in naming_questions():
        if each.form.code != editor.form.code or not _may_see(editor, catalogue.form(each.question.links_to)):
            continue
        rows = outcome.groups[each.group] if each.group else [outcome.values]
        named += [(each, row[each.question.name]) for row in rows if row.get(each.question.name) is not None]
    return named


def _existing(editor: RecordEditor, named: list[tuple[NamingQuestion, int]]) -> list[Any]:
    """Return, as a question to the database, which of the records that are named are there."""
    if not named:
        return []
    numbers = models.Q()
    for each, number in named:
        numbers |= models.Q(form_code=each.question.links_to, sequence=number)
    rows = _open(editor, Record).filter(numbers)
    return [rows.values_list(models.Value(-1), *PLACE)]


def _naming(editor: RecordEditor) -> list[tuple[NamingQuestion, Any]]:
    """Return the questions of other forms that may name this record, each with the records that do."""
    naming: list[tuple[NamingQuestion, Any]] = []
    for each in naming_questions():
        if each.question.links_to != editor.form.code or not _may_see(editor, each.form):
            continue
        number = editor.record_key.sequence
        if each.group:
            model = each.form.groups[each.group].model
            rows = model.objects.filter(
                record__participant=editor.record_key.participant,
                removed=False,
                **{each.question.name: number},
            )
            ids = rows.values("record_id")
        else:
            ids = each.form.model.objects.filter(
                participant=editor.record_key.participant, **{each.question.name: number}
            ).values("pk")
        records = _open(editor, Record).filter(pk__in=ids)
        naming.append((each, records.values_list(models.Value(len(naming)), *PLACE)))
    return naming


def _open(editor: RecordEditor, model: type[Record]) -> Any:
    rows = model.objects.open_to(editor.user, Permission.CRF_VIEW)
    return rows.filter(participant=editor.record_key.participant).order_by()


def _line_of(
    editor: RecordEditor, each: NamingQuestion, number: int, there: set[tuple[str, int]]
) -> LinkedLine:
    code = each.question.links_to
    named = f"{catalogue.form(code).title} {number}"
    if (code, number) not in there:
        return LinkedLine(_("%(record)s: there is no such record") % {"record": named}, each.words)
    return LinkedLine(
        named, each.words, form_url(editor.record_key.participant.number, code, sequence=number)
    )

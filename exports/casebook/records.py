"""One record as the casebook prints it: questions with their answers in words, queries, signatures and changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crf import catalogue
from crf.engine import messages
from crf.engine.answers import AnswerRow
from crf.engine.declaration import FormDeclaration, FormSection, Group
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.questions import Question
from crf.engine.versions import worded
from crf.models import Attachment, Query, QueryMessage, Record, RecordSignature
from crf.page.render import TABLE_LIMIT
from crf.queries.list import about_no_form
from crf.queries.system import form_asked, question_of_query
from crf.store.context import FormContext
from crf.store.history import Entry, history_of
from crf.store.licensed_wording import wordings_of
from crf.store.records import RecordKey, StoredRecord, key_of_record, stored_record_of
from kernel.units import unit_in_print


@dataclass(frozen=True)
class PrintedAnswer:
    """A question with what was answered; ``why_missing`` instead where a reason was given."""

    text: str
    answer: str
    unit: str = ""
    why_missing: str = ""
    is_derived: bool = False
    is_group: ClassVar[bool] = False


@dataclass(frozen=True)
class PrintedGroup:
    """The rows of a repeating group that stand: a table, or blocks where it is wide."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[PrintedAnswer, ...]], ...]
    is_wide: bool
    is_group: ClassVar[bool] = True


@dataclass(frozen=True)
class PrintedSection:
    """One heading of the form; ``parts`` are answers and groups in the order of the paper."""

    title: str
    parts: tuple[PrintedAnswer | PrintedGroup, ...]


@dataclass(frozen=True)
class PrintedQuery:
    """A query with everything that was said of it."""

    query: Query
    about: str
    question: str
    thread: tuple[QueryMessage, ...]


@dataclass(frozen=True)
class PrintedRecord:
    """A record of the participant, whole; ``first`` is the entry by which it came to be."""

    record: Record
    form: FormDeclaration
    digest: str
    sections: tuple[PrintedSection, ...]
    signatures: tuple[RecordSignature, ...]
    queries: tuple[PrintedQuery, ...]
    first: Entry | None
    changes: tuple[Entry, ...]
    files: tuple[Attachment, ...]


@dataclass(frozen=True)
class _Sheet:
    """A record being printed: its answers as stored, and which questions it asks."""

    key: RecordKey
    stored: Evaluation
    visible: frozenset[str]
    wordings: Mapping[str, str]

    @property
    def zone(self) -> str:
        return self.key.participant.site.time_zone

    def section(self, section: FormSection) -> PrintedSection:
        return PrintedSection(str(section.title), tuple(self._parts(section)))

    def _parts(self, section: FormSection) -> Iterator[PrintedAnswer | PrintedGroup]:
        for name in section.fields:
            if name in self.key.form.groups:
                yield from self._group(self.key.form.groups[name])
            else:
                question = self.key.form.questions[name]
                value, why = self.stored.values[name], self.stored.missing.get(name, "")
                if name in self.visible or value is not None or why:
                    yield self._answer(question, value, why)

    def _group(self, group: Group) -> Iterator[PrintedGroup]:
        rows = self.stored.groups[group.name]
        if not rows and group.name not in self.visible:
            return
        yield PrintedGroup(
            str(group.title),
            tuple(_asked(question, "") for question in group.questions.values()),
            tuple((row["position"], tuple(self._cells(group, row))) for row in rows),
            is_wide=len(group.questions) > TABLE_LIMIT,
        )

    def _cells(self, group: Group, row: AnswerRow) -> Iterator[PrintedAnswer]:
        """Yield every answer of a row of a table; of a wide group, those that are asked or on record."""
        whole = len(group.questions) <= TABLE_LIMIT
        for name, question in group.questions.items():
            value, why = row[name], row["missing"].get(name, "")
            asked = f"{group.name}.{row['position']}.{name}" in self.visible
            if whole or asked or value is not None or why:
                yield self._answer(question, value, why)

    def _answer(self, question: Question, value: Any, why: str) -> PrintedAnswer:
        said = messages.in_print(question, value, zone=self.zone)
        return PrintedAnswer(
            _asked(question, self.wordings.get(question.name, "")),
            said,
            unit_in_print(question.unit) if said else "",
            messages.missing_text(why) if why else "",
            question.derived,
        )


def _asked(question: Question, wording: str) -> str:
    return f"{question.text} · {wording}" if wording else str(question.text)


def printed_record(
    record: Record,
    *,
    around: FormContext,
    queries: Sequence[Query],
    digest: str,
    files: Sequence[Attachment] = (),
    at: datetime,
) -> PrintedRecord:
    """Return the record whole, in the language in force; what it asks is judged by its own version of the protocol."""
    form = catalogue.form(record.form_code)
    answers = form.model.objects.select_related("visit").get(pk=record.pk)
    answers.participant = around.participant
    key, stored = key_of_record(form, answers), stored_record_of(form, answers)
    first, changes = _changes(key, stored)
    return PrintedRecord(
        record,
        form,
        digest,
        printed_sections(key, stored, around),
        tuple(RecordSignature.objects.filter(record_id=record.pk).select_related("signature").order_by("pk")),
        tuple(printed_query(query) for query in queries),
        first,
        changes,
        tuple(files),
    )


def printed_sections(key: RecordKey, stored: StoredRecord, around: FormContext) -> tuple[PrintedSection, ...]:
    """Return the questions that the form of ``key`` asks of the record, in its words, with the answers on record."""
    form, outcome = worded(key.form, stored.record.protocol_version), stored.outcome(key.form)
    key = replace(key, form=form)
    judged = evaluate(
        form,
        values=outcome.values,
        groups=outcome.groups,
        missing=outcome.missing,
        context=around.context(form, visit=key.visit, sequence=key.sequence, record_id=stored.record.pk),
    )
    sheet = _Sheet(key, outcome, judged.visible, wordings_of(form, get_language() or "en"))
    sections = (sheet.section(section) for section in form.sections)
    return tuple(section for section in sections if section.parts)


def _changes(key: RecordKey, stored: StoredRecord) -> tuple[Entry | None, tuple[Entry, ...]]:
    """Return the entry that began the record, and what was changed since, the earliest first.

    What was answered at first and never changed stands as the answer; what was changed stands as the old one.
    """
    entries = history_of(key, stored)[::-1]
    if not entries:
        return None, ()
    first = entries[0]
    return first, tuple(entry for entry in entries if entry.act.pk != first.act.pk or entry.old)


def printed_query(query: Query) -> PrintedQuery:
    """Return the query with its thread, in the language in force."""
    form, thread = form_asked(query), tuple(query.messages.all())
    if form is None and not query.form_code:
        about = about_no_form(query)
    elif not query.target:
        about = _("The form as a whole")
    else:
        about = messages.label_at(form, query.target) if form else query.target
    zone = query.participant.site.time_zone
    return PrintedQuery(query, about, question_of_query(form, query, thread, zone=zone), thread)

"""The answers of records beside paper: question and value, who verified which value when, and a tick for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from crf.engine import messages
from crf.engine.base import RecordState
from crf.engine.declaration import FormDeclaration, FormSection
from crf.engine.questions import Missing, Question, QuestionKind
from crf.models import FieldVerification, Query, RecordVerification
from crf.page.editor import address
from crf.store.records import RecordKey
from crf.store.verification import FieldAnswer, answers_of, verifications_of
from kernel.row_keys import key_of
from kernel.units import unit_in_print


@dataclass(frozen=True)
class Verified:
    """A value that somebody verified, in words; ``fell`` says when it fell or was taken back, and by whom."""

    row: FieldVerification
    value: str

    @property
    def fell_by(self) -> str:
        return str(self.row.act.by or "") if self.row.fell_at else ""


@dataclass(frozen=True)
class SourceLine:
    """One answer: its question, its value in words, and what was verified of it, the latest first."""

    target: str
    label: str
    value: str
    unit: str
    token: str
    is_critical: bool
    is_required: bool
    verified: tuple[Verified, ...]
    queries: tuple[Query, ...]
    is_ticked: bool

    @property
    def standing(self) -> Verified | None:
        return next((each for each in self.verified if each.row.fell_at is None), None)

    @property
    def fallen(self) -> tuple[Verified, ...]:
        return tuple(each for each in self.verified if each.row.fell_at is not None)


@dataclass(frozen=True)
class SourceSection:
    """A heading of the form, or a row of one of its tables, with the answers below it."""

    title: str
    lines: tuple[SourceLine, ...]


@dataclass(frozen=True)
class SourceRecord:
    """A record beside paper."""

    key: RecordKey
    record_id: int
    state: str
    sections: tuple[SourceSection, ...]
    counts: RecordVerification | None
    may_verify: bool
    href: str
    ask: bool

    @property
    def title(self) -> str:
        return str(self.key.form.title)

    @cached_property
    def lines(self) -> tuple[SourceLine, ...]:
        return tuple(line for section in self.sections for line in section.lines)


def source_records(
    keys: Iterable[tuple[RecordKey, Any]], user: User, typed: Mapping[str, str] | None = None
) -> list[SourceRecord]:
    """Return the records beside paper; ``typed`` holds the ticks of a page that is shown again."""
    placed = list(keys)
    ids = [record.pk for _key, record in placed]
    verified = verifications_of(ids)
    counts = {row.pk: row for row in RecordVerification.objects.filter(pk__in=ids)}
    queries: dict[tuple[int, str], list[Query]] = {}
    for query in Query.objects.living().filter(record__in=ids).order_by("pk"):
        queries.setdefault((query.record_id, query.target), []).append(query)
    return [
        _Drawing(key, record, user, verified, queries, counts.get(record.pk), typed).whole()
        for key, record in placed
    ]


@dataclass
class _Drawing:
    key: RecordKey
    record: Any
    user: User
    verified: Mapping[tuple[int, str], list[FieldVerification]]
    queries: Mapping[tuple[int, str], list[Query]]
    counts: RecordVerification | None
    typed: Mapping[str, str] | None

    def whole(self) -> SourceRecord:
        site, form = self.key.participant.site_id, self.key.form
        answers = answers_of(form, self.record.pk)
        may_verify = self.user.may(Permission.CRF_VERIFY, site) and self.record.state != RecordState.LOCKED
        return SourceRecord(
            self.key,
            self.record.pk,
            self.record.state,
            tuple(part for section in form.sections for part in self._parts(form, section, answers)),
            self.counts,
            may_verify,
            address("form", self.key),
            self.user.may(Permission.QUERY_RAISE, site),
        )

    def _parts(
        self, form: FormDeclaration, section: FormSection, answers: Mapping[str, FieldAnswer]
    ) -> Iterator[SourceSection]:
        lines = [
            self._line(form.questions[name], answers[name]) for name in section.fields if name in answers
        ]
        if lines:
            yield SourceSection(str(section.title), tuple(lines))
        for name in section.fields:
            if group := form.groups.get(name):
                yield from self._rows(str(group.title), name, group.questions, answers)

    def _rows(
        self, title: str, name: str, questions: Mapping[str, Question], answers: Mapping[str, FieldAnswer]
    ) -> Iterator[SourceSection]:
        positions = {int(target.split(".")[1]) for target in answers if target.startswith(f"{name}.")}
        for position in sorted(positions):
            within = f"{name}.{position}."
            lines = [
                self._line(question, answers[within + each])
                for each, question in questions.items()
                if within + each in answers
            ]
            yield SourceSection(f"{title} {position}", tuple(lines))

    def _line(self, question: Question, answer: FieldAnswer) -> SourceLine:
        zone, place = self.key.participant.site.time_zone, (self.record.pk, answer.target)
        verified = tuple(
            Verified(row, value_text(question, row.value, zone=zone)) for row in self.verified.get(place, ())
        )
        stands = any(each.row.fell_at is None for each in verified)
        item = ".".join(part for part in answer.target.split(".") if not part.isdecimal())
        needed = self.counts is not None and (stands or answer.target in self.counts.unverified)
        ticked = stands if self.typed is None else self.typed.get(tick_name(*place)) == answer.token
        return SourceLine(
            answer.target,
            str(question.text),
            value_text(question, answer.value, zone=zone),
            unit_in_print(question.unit),
            answer.token,
            item in self.key.form.critical,
            needed,
            verified,
            tuple(self.queries.get(place, ())),
            ticked,
        )


def tick_name(record_id: int, target: str) -> str:
    """Return the name under which a page sends the tick of an answer."""
    return f"tick:{key_of('record', record_id)}:{target}"


def value_text(question: Question, value: Any, *, zone: str) -> str:
    """Return an answer as the database holds it, in words; a reason for a missing one as such."""
    if isinstance(value, str) and value[1:-1] in set(Missing) and value == f"({value[1:-1]})":
        return messages.missing_text(value[1:-1])
    if question.kind == QuestionKind.DATETIME and isinstance(value, str):
        return messages.display(question, datetime.fromisoformat(value), zone=zone)
    return messages.display(question, value, zone=zone)

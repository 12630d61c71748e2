"""Which forms a visit that took place expects, by when, and how far each is (protocol 2.2, 2.6): pure.

The database keeps the same in a table (``crf.models.expected_sql``); the night compares both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from crf import catalogue
from crf.engine.declaration import FormDeclaration, Repeats
from followup.history import whole_number
from kernel.clock import local_date
from protocol.text import ProtocolText

VISIT, PARTICIPANT, OPERATION, LOG = "visit", "participant", "operation", "log"
STATES: Final = ("locked", "signed", "verified", "complete", "in_progress", "empty")  # the farthest first
HAPPENED: Final = ("done", "not_done", "cancelled")
SCREENING: Final = "SCR"  # it lasts for weeks, and its day is that of the decision: logs are typed before it


@dataclass(frozen=True)
class ExpectedRule:
    """What fills a form that a visit lists, within how many days, and after which milestone it is asked for."""

    code: str
    filled_by: str
    days: int
    after: str
    from_register: bool


def rules_of(text: ProtocolText) -> dict[str, ExpectedRule]:
    """Return the rule of each form of the catalogue under this version of the protocol."""
    return {
        form.code: ExpectedRule(
            form.code,
            _filled_by(form),
            whole_number(text, form.due_days),
            form.due_after,
            form.from_register,
        )
        for form in catalogue.forms().values()
    }


def _filled_by(form: FormDeclaration) -> str:
    if form.repeats is Repeats.LOG:
        return OPERATION if form.due_at_visits else LOG
    return VISIT if form.repeats is Repeats.PER_VISIT else PARTICIPANT


@dataclass(frozen=True)
class VisitSeen:
    """A visit as far as its forms are concerned."""

    pk: int
    state: str
    took_place_on: date | None
    forms: tuple[str, ...]
    code: str = ""


@dataclass(frozen=True)
class RecordSeen:
    """A record: how far it is, and when each of its versions was typed, the first one first."""

    pk: int
    form_code: str
    visit_id: int | None
    state: str
    typed_at: tuple[datetime, ...]


@dataclass(frozen=True)
class ParticipantSeen:
    """What is on record of a participant that says which forms are expected of them."""

    visits: Sequence[VisitSeen]
    records: Sequence[RecordSeen]
    nothing_new: Sequence[tuple[str, int, datetime]]
    reached: frozenset[str]
    is_withdrawn: bool
    zone: str


@dataclass(frozen=True)
class Expected:
    """A form that a visit expects, as the table of expected forms holds it."""

    took_place_on: date
    filled_by: str
    due_on: date
    record_id: int | None
    state: str
    entered_at: datetime | None
    is_waived: bool


def expected_forms(
    seen: ParticipantSeen, rules: Mapping[str, ExpectedRule]
) -> dict[tuple[int, str], Expected]:
    """Return what is expected, by visit and form."""
    return {
        (visit.pk, rule.code): _expected(seen, visit, visit.took_place_on, rule)
        for visit in seen.visits
        if visit.state == "done" and visit.took_place_on
        for rule in _asked(visit, rules)
        if not rule.after or rule.after in seen.reached
        if rule.filled_by != PARTICIPANT or _is_last(visit, visit.took_place_on, rule.code, seen.visits)
    }


def _asked(visit: VisitSeen, rules: Mapping[str, ExpectedRule]) -> Iterator[ExpectedRule]:
    return (rules[code] for code in visit.forms if code in rules)


def _is_last(visit: VisitSeen, day: date, code: str, visits: Iterable[VisitSeen]) -> bool:
    """Say whether no visit that lists the form comes after this one: a form of the participant is filled by then."""
    others = [other for other in visits if code in other.forms and other.pk != visit.pk]
    return not any(
        other.state not in HAPPENED
        or (other.took_place_on is not None and (other.took_place_on, other.pk) > (day, visit.pk))
        for other in others
    )


def _expected(seen: ParticipantSeen, visit: VisitSeen, day: date, rule: ExpectedRule) -> Expected:
    due_on = day + timedelta(days=rule.days)
    waived = seen.is_withdrawn and not rule.from_register
    if rule.filled_by == LOG:
        at = _up_to_date_at(seen, visit, day, rule.code)
        return Expected(day, LOG, due_on, None, "complete" if at else "empty", at, waived)
    records = [record for record in seen.records if record.form_code == rule.code]
    if rule.filled_by == VISIT:
        records = [record for record in records if record.visit_id == visit.pk]
    if not records:
        return Expected(day, rule.filled_by, due_on, None, "empty", None, waived)
    record = min(records, key=lambda each: (STATES.index(each.state), each.pk))
    return Expected(day, rule.filled_by, due_on, record.pk, record.state, record.typed_at[0], waived)


def _up_to_date_at(seen: ParticipantSeen, visit: VisitSeen, day: date, code: str) -> datetime | None:
    """Return when the log was first up to date for the visit: typed in, or said to have nothing new, since its day."""
    typed = [at for record in seen.records if record.form_code == code for at in record.typed_at]
    said = [at for form, _visit, at in seen.nothing_new if form == code]
    of_visit = [at for form, at_visit, at in seen.nothing_new if (form, at_visit) == (code, visit.pk)]
    since = [at for at in (*typed, *said) if visit.code == SCREENING or local_date(at, seen.zone) >= day]
    return min((*since, *of_visit), default=None)

"""What the pages of safety show: clocks as lines, and one serious event as the sponsor reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine import messages
from crf.engine.answers import AnswerRow, AnswerValues
from crf.models import SafetyClock
from crf.safety.assessment import SeriousCase
from crf.safety.clock_rows import EVENT_FORM, PREGNANCY_FORM, REPORT_FORM
from crf.safety.clocks import OpenClock, clocks_of_record, opened, reading_url
from crf.store.records import RecordKey

FACTS = (
    *("ae_term", "ctcae_term", "ae_st", "ae_en", "grade", "outcome", "aesi", "ser_crit", "ser_aware"),
    *("rel_camre", "rel_chemo", "rel_rt", "rel_surg", "rel_proc", "rel_dis", "irae_type"),
    *("action_camre", "action_chemo", "action_rt", "other_action"),
)
REPORTED = ("sae_type", "sae_aware", "sae_report", "sae_narr", "sae_adm", "sae_dis", "sae_rel_inv", "sae_ec")

LONG = 80


@dataclass(frozen=True)
class ClockLine:
    """One clock: how it stands, in a word and in how much time is left or was too much."""

    clock: SafetyClock
    open: OpenClock
    state: str
    words: str


@dataclass(frozen=True)
class AnswerInWords:
    """One answer in words."""

    label: str
    text: str

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG


def lines_of(clocks: Iterable[SafetyClock], *, user: User, at: datetime) -> list[ClockLine]:
    """Return the clocks as lines, in the order given; each leads where this person can do or read something."""
    return [_line(clock, user, at) for clock in clocks]


def _line(clock: SafetyClock, user: User, at: datetime) -> ClockLine:
    shown = opened(clock, at=at)
    if not user.may(Permission.CRF_EDIT, clock.site_id):
        shown = replace(shown, href=reading_url(clock))
    if clock.ended_at:
        return ClockLine(clock, shown, "ended", "")
    if clock.met_at:
        late = timesince(clock.due_at, clock.met_at, depth=2)
        words = _("{time} late").format(time=late) if clock.was_late else ""
        return ClockLine(clock, shown, "late" if clock.was_late else "met", words)
    if shown.overdue:
        words = _("{time} overdue").format(time=timesince(clock.due_at, at, depth=2))
        return ClockLine(clock, shown, "overdue", words)
    left = _("{time} left").format(time=timeuntil(clock.due_at, at, depth=2))
    return ClockLine(clock, shown, "running", left)


def lines_at(record_key: RecordKey, values: AnswerValues, *, user: User, at: datetime) -> list[ClockLine]:
    """Return the clocks that run for the event or pregnancy that a record is, or that a report is about."""
    form = record_key.form.code
    own = {
        EVENT_FORM: record_key.sequence,
        PREGNANCY_FORM: record_key.sequence,
        REPORT_FORM: values.get("ae_no"),
    }
    number = own.get(form)
    if number is None or not user.may(Permission.SAFETY_VIEW, record_key.participant.site_id):
        return []
    running = clocks_of_record(user, record_key.participant, form, number).running()
    return lines_of(running, user=user, at=at)


def facts_of(case: SeriousCase, zone: str) -> list[AnswerInWords]:
    """Return the record of the event in words; what has no answer is left out."""
    return _in_words(EVENT_FORM, FACTS, case.event, zone)


def reports_of(case: SeriousCase, zone: str) -> list[tuple[int, list[AnswerInWords]]]:
    """Return each report of the site with its number, in words."""
    return [(row["sequence"], _in_words(REPORT_FORM, REPORTED, row, zone)) for row in case.reports]


def _in_words(code: str, names: tuple[str, ...], row: AnswerRow, zone: str) -> list[AnswerInWords]:
    questions = catalogue.form(code).questions
    return [
        AnswerInWords(str(questions[name].text), messages.display(questions[name], row[name], zone=zone))
        for name in names
        if row.get(name) not in (None, "", [])
    ]

"""Safety clocks: rows that follow from answers and the sponsor's assessments, in the same act (protocol 2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import takewhile

from django.utils.translation import gettext_noop

from accounts.models import User
from audit.acts import open_act
from crf.catalogue.adverse_event.rules import died_of, is_serious
from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day
from crf.models import SafetyClock
from crf.store.context import FormContext
from followup.history import whole_number
from kernel.clock import local_date
from kernel.tasks import send
from protocol import text
from protocol.safety import SusarDays
from protocol.safety_deadlines import Clock, ClockKind, SeriousEventFacts, clock_of_pregnancy, clocks_of
from trials.models import Participant
from trials.services import propose_deviation

EVENT_FORM, REPORT_FORM, PREGNANCY_FORM = "AE", "SAE", "PREG"
CLOCK_FORMS = frozenset({EVENT_FORM, REPORT_FORM, PREGNANCY_FORM})
# What the site reports, and under which rule and in which words a late report is proposed as a deviation.
LATE_REPORTS = {
    ClockKind.SAE_REPORT: (
        "late_sae",
        gettext_noop("Serious event %(event)s: its report came after it was due."),
    ),
    ClockKind.PREGNANCY: (
        "late_pregnancy",
        gettext_noop("Pregnancy %(event)s: its report came after it was due."),
    ),
}
Wanted = dict[tuple[int, str], tuple[Clock, str]]


def settle_clocks(
    *, participant: Participant, form_context: FormContext, by: User | None, at: datetime
) -> bool:
    """Each serious event and pregnancy has the clocks that its answers ask for, and one no longer asked for has ended.

    A late report is proposed as a deviation, and nothing becomes due later. Return whether anything changed.
    """
    locked = _held(participant)
    wanted = _wanted(participant, form_context, locked, at=at)
    changed = [_drawn(locked.get(record_key), record_key, clock) for record_key, clock in wanted.items()]
    rows = [row for row in changed if row is not None]
    for record_key, clock in locked.items():
        if record_key not in wanted and clock.ended_at is None:
            clock.ended_at = at
            rows.append(clock)
    if not rows:
        return False
    begun = any(row.pk is None for row in rows)
    with open_act("crf:clock:settle", by=by, at=at, participant=participant) as act:
        for row in rows:
            row.participant, row.site_id, row.act = participant, participant.site_id, act
            row.save()
    for row in rows:
        _propose_if_late(participant, row, by=by, at=at)
    if begun:  # told at once; without a broker the next round of escalations takes it up
        day = local_date(at, participant.site.time_zone)
        send("followup:escalate_site", participant.site_id, day.isoformat(), may_fail=True)
    form_context.forget_clocks()
    return True


def _held(participant: Participant) -> dict[tuple[int, str], SafetyClock]:
    """Return the last clock of each kind of each event, running or not."""
    rows = SafetyClock.objects.filter(participant=participant).order_by("pk")
    return {(clock.event_no, clock.kind): clock for clock in rows}


def _propose_if_late(participant: Participant, clock: SafetyClock, *, by: User | None, at: datetime) -> None:
    """A late report of the site is a possible deviation for good, whatever is typed afterwards (protocol 3.6)."""
    if clock.kind not in LATE_REPORTS or not clock.was_late:
        return
    rule, detail = LATE_REPORTS[ClockKind(clock.kind)]
    propose_deviation(
        participant=participant,
        rule=rule,
        key=clock.subject.replace(" #", "-"),
        detail=detail,
        values={"event": str(clock.event_no)},
        by=by,
        at=at,
    )


def _drawn(
    row: SafetyClock | None, record_key: tuple[int, str], wanted: tuple[Clock, str]
) -> SafetyClock | None:
    """Return the row as it should be, or None when it is so already."""
    clock, how = wanted
    if row is not None and _is_another_case(row, clock):
        row = None
    if row is not None:
        clock = clock.not_later_than(row.starts_at, row.due_at)
    values = {
        "starts_at": clock.starts,
        "due_at": clock.due,
        "first_due_at": (row.first_due_at or row.due_at) if row else clock.due,
        "provisional": clock.provisional,
        "met_at": clock.met,
        "how": how if clock.met else "",
        "ended_at": None,
    }
    if row is not None and all(getattr(row, name) == value for name, value in values.items()):
        return None
    row = row or SafetyClock(event_no=record_key[0], kind=record_key[1])
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _is_another_case(row: SafetyClock, clock: Clock) -> bool:
    """Say whether the sponsor learnt after the clock had ended that the event qualifies anew: day 0 is then new."""
    if row.kind in LATE_REPORTS or row.ended_at is None or clock.provisional:
        return False
    return clock.starts > row.ended_at


def _wanted(
    participant: Participant,
    form_context: FormContext,
    clocks: dict[tuple[int, str], SafetyClock],
    *,
    at: datetime,
) -> Wanted:
    form_context.fetch((f"{EVENT_FORM}*", f"{REPORT_FORM}*", f"{PREGNANCY_FORM}*"))
    reports, assessments = form_context.records(REPORT_FORM), form_context.assessments()
    susar_days = susar_days_of(text.load(participant.protocol_version))
    wanted: Wanted = {}
    for event in form_context.records(EVENT_FORM):
        if not is_serious(event):
            continue
        known, how = _known(event, reports, assessments, recorded=at)
        zone, hours = participant.site.time_zone, _hours(event, "sae_report_hours")
        for clock in clocks_of(known, zone=zone, hours=hours, susar_days=susar_days):
            wanted[(event["sequence"], clock.kind.value)] = (clock, how[clock.kind.value.split("_")[0]])
    return wanted | _wanted_by_pregnancies(form_context, at)


def _hours(record: AnswerRow, setting: str) -> int:
    """Return the hours that the version gives under which the record was begun: an amendment moves no running clock."""
    return whole_number(text.load(record["protocol_version"]), setting)


def _wanted_by_pregnancies(form_context: FormContext, at: datetime) -> Wanted:
    wanted: Wanted = {}
    for row in form_context.records(PREGNANCY_FORM):
        hours = _hours(row, "pregnancy_report_hours")
        clock = clock_of_pregnancy(
            recorded=at, aware=row["preg_aware"], reported=row["preg_report"], hours=hours
        )
        wanted[(row["sequence"], clock.kind.value)] = (clock, f"{PREGNANCY_FORM} #{row['sequence']}")
    return wanted


def first_known_on(form_context: FormContext) -> dict[int, date]:
    """Return the day on which the site first knew of each serious event, by its number."""
    reports = (clock for clock in form_context.clocks() if clock["kind"] == ClockKind.SAE_REPORT)
    days = {clock["event_no"]: earliest_day(clock["starts_at"]) for clock in reports}
    return {number: on for number, on in days.items() if on}


def susar_days_of(protocol: text.ProtocolText) -> SusarDays:
    """Return the days that a version of the protocol gives for the reports of a SUSAR."""
    return SusarDays(
        fatal=whole_number(protocol, "susar_fatal_days"),
        follow_up=whole_number(protocol, "susar_follow_up_days"),
        other=whole_number(protocol, "susar_other_days"),
    )


def _known(
    event: AnswerRow, reports: Iterable[AnswerRow], assessments: list[AnswerRow], *, recorded: datetime
) -> tuple[SeriousEventFacts, dict[str, str]]:
    """Return what is known of one serious event, and by what its clocks are met."""
    number = event["sequence"]
    own = [row for row in reports if row["ae_no"] == number]
    aware = [moment for moment in (event["ser_aware"], *(row["sae_aware"] for row in own)) if moment]
    sent = min((row for row in own if row["sae_report"]), key=lambda row: row["sae_report"], default=None)
    judged = [row for row in assessments if row["event_no"] == number]
    last = judged[-1] if judged else None
    case = _as_susar(judged)
    known = SeriousEventFacts(
        recorded=recorded,
        aware=min(aware, default=None),
        reported=sent["sae_report"] if sent else None,
        susar=last["susar"] if last else None,
        susar_known=_first_known(case, sent),
        fatal_or_life_threatening=is_urgent(event),
        urgent_known=_first_known([row for row in case if row["urgent"] is not False], sent),
        authority_on=last["authority_on"] if last else None,
        follow_up_on=last["follow_up_on"] if last else None,
    )
    return known, {
        "sae": f"{REPORT_FORM} #{sent['sequence']}" if sent else "",
        "susar": f"{EVENT_FORM} #{number}",
    }


def _as_susar(judged: list[AnswerRow]) -> list[AnswerRow]:
    """Return the last assessments that call the case a SUSAR, since one that did not."""
    return list(takewhile(lambda row: row["susar"], reversed(judged)))


def _first_known(judged: list[AnswerRow], sent: AnswerRow | None) -> datetime | None:
    """Return when the sponsor first knew; an assessment of version 0.2.0 counts from the site's report."""
    reported = sent["sae_report"] if sent else None
    return min((moment for row in judged if (moment := row["known_at"] or reported)), default=None)


def is_urgent(event: AnswerRow) -> bool:
    """Say whether the record of the event calls it fatal or life-threatening."""
    return "life" in (event["ser_crit"] or ()) or died_of(event)

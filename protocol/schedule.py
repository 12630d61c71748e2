"""The visits of one participant, planned from what is known of them (protocol 2.1-2.6).

Everything the schedule says stands in the protocol text; here stands only how its rows apply to a history.
Windows and targets never depend on holidays: those move ``proposed_on``, the day offered to the participant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from protocol.history import (
    ALL_OVER,
    CUT_SWEEPS,
    History,
    PastVisit,
    PlannedVisit,
    Response,
    WithdrawalScope,
    cre1_is_positive,
    endings,
    evaluations_declined_on,
    goes_without_surgery,
    month_follow_up,
    surgery_after_evaluation,
)
from protocol.loader.schema import Anchoring, Offset, Trigger, VisitRule
from protocol.text import ProtocolText
from protocol.windows import Dates, add_months, dates_of, window_status

__all__ = [
    "History",
    "PastVisit",
    "PlannedVisit",
    "Response",
    "WithdrawalScope",
    "add_months",
    "led_to",
    "missed_on",
    "next_contact",
    "plan",
    "trigger_due",
    "window_status",
    "working_days",
    "works_on_weekdays",
]

FOLLOWED_FOR = "follow_up_months_calendar"
DATA_CUT = "DATA_CUT"
MONTH_36 = "month 36"
MONTH_SERIES = {"surveillance": "AS", "follow-up": "FU"}
MILESTONE_OF = {
    "SCR": "ICF",  # screening begins with the consent
    "RND": "RAND",
    "N1": "NEO_D1",
    "CRE-1": "CRE1",
    "CRE-2": "CRE2",
    "SURG-1": "SURG",
    "SURG-2": "SURG",
}
STOPPED_PROCEDURES = {
    WithdrawalScope.DRUG: "drug",
    WithdrawalScope.PROCEDURES: "response",
    WithdrawalScope.QOL: "qol",
}
WorksOn = Callable[[date], bool]


def works_on_weekdays(day: date) -> bool:
    """Monday to Friday: what is assumed where no holiday calendar is given."""
    return day.weekday() < 5


def working_days(*, holidays: frozenset[date], make_up_days: frozenset[date]) -> WorksOn:
    """Weekdays without the public holidays, and the weekend days worked to make up for them."""

    def works_on(day: date) -> bool:
        return day in make_up_days or (works_on_weekdays(day) and day not in holidays)

    return works_on


def plan(
    text: ProtocolText, history: History, *, works_on: WorksOn = works_on_weekdays
) -> tuple[PlannedVisit, ...]:
    """Every visit of the participant, past and to come, earliest first; what happened stands as it was planned."""
    past = {entry.visit.code: entry.visit for entry in history.past}
    stops = endings(history)
    coming = (
        _proposed(visit, works_on)
        for visit in led_to(text, history)
        if all(stop.allows(visit.series, _dates(visit), _happened_on(visit, history)) for stop in stops)
    )
    reduced = (_without_withdrawn(text, visit, history) for visit in coming)
    return tuple(
        sorted((*past.values(), *reduced), key=lambda visit: (visit.target, visit.opens, visit.code))
    )


def led_to(text: ProtocolText, history: History) -> tuple[PlannedVisit, ...]:
    """The visits that have not happened, as the course leads to them, those that an ending takes away included."""
    past = {entry.visit.code: entry.visit for entry in history.past}
    return tuple(visit for visit in _applying(text, history) if not _already_in(past, visit))


def next_contact(
    visits: Iterable[PlannedVisit], *, past: Iterable[PastVisit], as_of: date
) -> PlannedVisit | None:
    """The first visit that has neither happened nor closed by ``as_of``."""
    happened = {entry.visit.code for entry in past}
    return next((visit for visit in visits if visit.code not in happened and visit.closes >= as_of), None)


def missed_on(visit: PlannedVisit, visits: Iterable[PlannedVisit]) -> date | None:
    """The day on which ``visit`` counts as missed: when the next window of its kind opens (protocol 2.1)."""
    calendar = MONTH_SERIES.get(visit.series)
    kin = MONTH_SERIES if calendar else {visit.series}
    return min(
        (other.opens for other in visits if other.series in kin and other.opens > visit.opens), default=None
    )


def trigger_due(trigger: Trigger, at: datetime) -> datetime | None:
    """When the form or task opened by ``trigger`` at the instant ``at`` is due (protocol 2.6)."""
    if trigger.hours is None and trigger.days is None:
        return None
    return at + timedelta(hours=trigger.hours or 0, days=trigger.days or 0)


def _applying(text: ProtocolText, history: History) -> Iterator[PlannedVisit]:
    for rule in text.visits_for(history.arm):
        if rule.code == "SWEEP":
            yield from _sweeps(text, rule, history)
        elif rule.code in PLANNERS:
            yield from PLANNERS[rule.code](rule, history)
        else:
            yield from SERIES_PLANNERS.get(rule.series, _by_calendar)(rule, history)


def _by_calendar(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    """The visit as its row says, or around the stand-in anchor while its own has no date.

    Who left before randomization is due at nothing that lies on its day or after it.
    """
    if anchor_on := history.on(rule.due.anchor):
        yield _visit(rule, rule.due, anchor_on, "CALENDAR")
    elif rule.due.anchor == "RAND" and history.track in ALL_OVER and (rule.due.target.days or 0) >= 0:
        return
    elif rule.until_known and (anchor_on := history.on(rule.until_known.anchor)):
        yield _visit(rule, rule.until_known, anchor_on, "PROVISIONAL")


def _start_of_treatment(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    """The first day of treatment, unless none will be given: then it was never due, whenever that was known."""
    if history.course != "NEVER_TREATED":
        yield from _by_calendar(rule, history)


def _treatment(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    """Doses are due until treatment has ended: none whose window opens after the last dose and fraction."""
    ended = [on for on in (history.on("NEO_END"), history.on("LASTDOSE")) if on]
    for visit in _by_calendar(rule, history):
        if len(ended) < 2 or visit.opens <= max(ended):
            yield visit


def _cre1(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    yield from _evaluation(rule, history, milestone="CRE1", reason="CALENDAR")


def _cre2(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    if not cre1_is_positive(history):
        yield from _evaluation(rule, history, milestone="CRE2", reason="CRE1_NOT_POSITIVE")


def _evaluation(rule: VisitRule, history: History, *, milestone: str, reason: str) -> Iterator[PlannedVisit]:
    """An evaluation, unless it was declined, or overtaken by an operation or a declared cCR, before it was done.

    Whoever asks for surgery before it is evaluated only if the operation is not done.
    """
    declined = evaluations_declined_on(history)
    operated = history.on("SURG")
    for visit in _by_calendar(rule, history):
        overtaken = operated is not None and operated <= visit.closes
        if history.on(milestone) or not (overtaken or (declined is not None and visit.target > declined)):
            yield replace(visit, reason=reason)


def _surgery_after_evaluation(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    if surgery := surgery_after_evaluation(history):
        visit = _visit(rule, rule.due, surgery.on, surgery.reason)
        decided = history.course_since if history.course == "SURGERY_PLANNED" else None
        if surgery.anchor == "SURG":  # an operation that nothing announced: its day is all that is known
            day = surgery.on
            visit = replace(visit, target=day, opens=day, closes=day, proposed_on=day)
        elif decided and decided > visit.closes:  # declined at first, or a finding long after the first
            surgery = replace(surgery, anchor="SURGERY_PLANNED")
            visit = _visit(rule, rule.due, decided, surgery.reason)
        yield replace(visit, anchor=surgery.anchor)


def _surgery_arm2(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    if not goes_without_surgery(history):
        yield from _by_calendar(rule, history)


def _after_surgery(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    for visit in _by_calendar(rule, history):
        yield replace(visit, reason="SURGERY")


def _month(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    """The month of the calendar, as the one of AS and FU that the participant is in."""
    for visit in _by_calendar(rule, history):
        follow_up = month_follow_up(history, _dates(visit))
        if follow_up and follow_up[0] == MONTH_SERIES[rule.series]:
            yield replace(visit, reason=follow_up[1])


def _month36(rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    for visit in _by_calendar(rule, history):
        yield replace(visit, reason="SURVIVAL")


def sweeps_until_month(text: ProtocolText) -> int:
    """The month up to which sweeps are planned from the start (protocol 2.2)."""
    return int(str(text.fact(FOLLOWED_FOR).value))


def _sweeps(text: ProtocolText, rule: VisitRule, history: History) -> Iterator[PlannedVisit]:
    """A sweep every six months, the one of month 36 being OS36, for as long as the participant is followed."""
    randomized_on = history.on(rule.due.anchor)
    every, until = rule.every_months or 0, sweeps_until_month(text)
    elsewhere = {other.due.target.months for other in text.visits if other.series == MONTH_36}
    months = every
    while randomized_on and (months <= until or add_months(randomized_on, months - every) <= history.as_of):
        if months not in elsewhere:
            due = replace(rule.due, target=Offset(rule.due.target.source, months=months))
            yield replace(_visit(rule, due, randomized_on, "SURVIVAL"), code=f"{rule.code}-{months:02d}")
        months += every
    for number, cut_on in history.data_cuts:
        if randomized_on and randomized_on <= cut_on:
            yield _sweep_of_cut(rule, number, cut_on)


def _sweep_of_cut(rule: VisitRule, number: int, cut_on: date) -> PlannedVisit:
    """The sweep around a data cut, a series of its own: its window may lie across a half-yearly one."""
    due = replace(rule.due, anchor=DATA_CUT, target=Offset(rule.due.target.source, days=0))
    visit = _visit(rule, due, cut_on, DATA_CUT)
    return replace(visit, code=f"{CUT_SWEEPS}{number}", series="data cut")


PLANNERS = {
    "CRE-1": _cre1,
    "CRE-2": _cre2,
    "SURG-1": _surgery_after_evaluation,
    "SURG-2": _surgery_arm2,
    "OS36": _month36,
}
SERIES_PLANNERS = {
    "start of treatment": _start_of_treatment,
    "treatment": _treatment,
    "postoperative": _after_surgery,
    "adjuvant": _after_surgery,
    "surveillance": _month,
    "follow-up": _month,
}


def _visit(rule: VisitRule, due: Anchoring, anchor_on: date, reason: str) -> PlannedVisit:
    dates = dates_of(due, anchor_on)
    return PlannedVisit(
        code=rule.code,
        series=rule.series,
        anchor=due.anchor,
        anchor_on=anchor_on,
        target=dates.target,
        opens=dates.opens,
        closes=dates.closes,
        forms=rule.form_codes,
        procedures=tuple(procedure.code for procedure in rule.procedures),
        proposed_on=dates.target,
        reason=reason,
        latest=anchor_on + timedelta(rule.latest_day) if rule.latest_day else None,
    )


def _dates(visit: PlannedVisit) -> Dates:
    return Dates(visit.target, visit.opens, visit.closes)


def _happened_on(visit: PlannedVisit, history: History) -> date | None:
    """The day that a milestone gives for the visit itself; an operation without resection was one too."""
    if visit.series == "surgery" and history.course == "NOT_RESECTED":
        return visit.opens
    return history.on(MILESTONE_OF.get(visit.code, ""))


def _already_in(past: dict[str, PlannedVisit], visit: PlannedVisit) -> bool:
    """Whether the visit happened, or (for a month of the calendar) its month did under the other name."""
    twins = {visit.code}
    if visit.series in MONTH_SERIES:
        twins = {f"{prefix}-{visit.code[3:]}" for prefix in MONTH_SERIES.values()}
    return not twins.isdisjoint(past)


def _proposed(visit: PlannedVisit, works_on: WorksOn) -> PlannedVisit:
    """The visit with the working day nearest to its target inside its window, later days first."""
    if works_on(visit.target):
        return visit
    days = range((visit.closes - visit.opens).days + 1)
    window: Sequence[date] = [visit.opens + timedelta(day) for day in days]
    nearest = sorted(window, key=lambda day: (abs(day - visit.target), day < visit.target))
    return replace(visit, proposed_on=next((day for day in nearest if works_on(day)), visit.target))


def _without_withdrawn(text: ProtocolText, visit: PlannedVisit, history: History) -> PlannedVisit:
    """The visit without what the participant has withdrawn from by then (protocol 2.5)."""
    for scope, kind in STOPPED_PROCEDURES.items():
        withdrawn_on = history.withdrawn.get(scope)
        if withdrawn_on and visit.target > withdrawn_on:
            procedures = tuple(code for code in visit.procedures if text.procedure(code).kind != kind)
            forms = tuple(
                form for form in visit.forms if not (scope is WithdrawalScope.QOL and form == "QOL")
            )
            visit = replace(visit, procedures=procedures, forms=forms)
    return visit

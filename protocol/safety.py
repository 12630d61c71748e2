"""Clocks and windows of adverse events (protocol 2.6, 3.6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from protocol.exact import Number, exact
from protocol.partial_dates import yes_no

CAUSALITY = ("not", "unlikely", "possible", "probable", "definite")
RELATED_FROM = "possible"


class Period(StrEnum):
    """When in the trial an adverse event began (protocol 3.6, period)."""

    SCREENING = "screening"
    NEOADJUVANT = "neoadjuvant"
    INTERVAL = "interval"
    PERIOPERATIVE = "perioperative"
    SURVEILLANCE = "surveillance"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Milestones:
    """The days that divide a participant's time in the trial (protocol 2.1).

    ``surg`` is the resection of the oesophagus; ``operations`` are all with an incision, explorations too.
    """

    icf: date | None = None
    neo_d1: date | None = None
    last_dose: date | None = None
    last_camrelizumab: date | None = None
    surg: date | None = None
    ccr: date | None = None
    operations: tuple[date, ...] = ()

    @property
    def incisions(self) -> tuple[date, ...]:
        return (*self.operations, self.surg) if self.surg else self.operations


@dataclass(frozen=True, slots=True)
class SteroidCourse:
    """A steroid given from ``start`` to ``end`` at a prednisone-equivalent dose a day; no end is still
    running.
    """

    start: date
    end: date | None
    mg_per_day: Number


def report_due(aware: datetime, *, hours: int) -> datetime:
    """The moment by which the site reports a serious event or a pregnancy to the sponsor (protocol 2.6)."""
    return aware + timedelta(hours=hours)


def reported_late(aware: datetime, reported: datetime, *, hours: int) -> bool:
    """Whether a report came after its due moment, which is a deviation (protocol 3.6, 3.19)."""
    return reported > report_due(aware, hours=hours)


def is_fatal(*, outcome: object, grade: object, criteria: Iterable[str] | None) -> bool:
    """Whether one of the three answers says that the participant died of the event (protocol 3.6)."""
    return outcome == "fatal" or str(grade) == "5" or "death" in (criteria or ())


def is_related(causality: str | None) -> bool | None:
    """Whether a causality counts as related: possible or more (protocol 3.6)."""
    if causality not in CAUSALITY:
        return None
    return CAUSALITY.index(causality) >= CAUSALITY.index(RELATED_FROM)


def more_cautious(*causalities: str | None) -> str | None:
    """The strongest of the causalities that were given: of investigator and sponsor, it drives the SUSAR
    (protocol 3.6).
    """
    given = [CAUSALITY.index(each) for each in causalities if each in CAUSALITY]
    return CAUSALITY[max(given)] if given else None


def susar(
    *, serious: object, expectedness: str | None, investigator: str | None, sponsor: str | None
) -> bool | None:
    """Whether an event is serious, unexpected and related; no as soon as one is not (protocol 3.6,
    sae_susar).
    """
    unexpected = {"unexpected": True, "expected": False}.get(expectedness or "")
    claims = (yes_no(serious), unexpected, is_related(more_cautious(investigator, sponsor)))
    if False in claims:
        return False
    return None if None in claims else True


@dataclass(frozen=True, slots=True)
class SusarDays:
    """The days that the text gives for the reports of a SUSAR (protocol 2.6)."""

    fatal: int
    follow_up: int
    other: int


def susar_due(day_0: date, days: SusarDays, *, fatal_or_life_threatening: bool) -> date:
    """The last day for the first report, sooner when the event is fatal or life-threatening.

    The day of the sponsor's awareness is day 0 (protocol 2.6).
    """
    return day_0 + timedelta(days=days.fatal if fatal_or_life_threatening else days.other)


def susar_follow_up_due(day_0: date, days: SusarDays) -> date:
    """The last day for the follow-up of a fatal or life-threatening SUSAR, counted from the last day of its
    first report (protocol 2.6).
    """
    return day_0 + timedelta(days=days.fatal + days.follow_up)


@dataclass(frozen=True, slots=True)
class CollectionDays:
    """For how many days events are collected after each end (protocol 3.6, 6.5)."""

    after_last_dose: int
    after_surgery: int
    serious_after_treatment: int
    late_after: int


def ae_period(onset: date, when: Milestones, days: CollectionDays) -> Period | None:
    """The period in which an event that began on ``onset`` falls; ``None`` before consent (protocol 3.6,
    6.5).

    Neoadjuvant ends the day before surgery or some weeks after the last dose, whichever is first. What
    follows is the interval, until the operation, the declared complete response, or the late period
    where neither has come.
    """
    if when.icf and onset < when.icf:
        return None
    if when.neo_d1 is None or onset < when.neo_d1:
        return Period.SCREENING
    after_surgery = timedelta(days=days.after_surgery)
    if any(operated <= onset <= operated + after_surgery for operated in when.incisions):
        return Period.PERIOPERATIVE
    if when.surg and onset >= when.surg:
        return Period.LATE
    if when.last_dose is None or onset <= when.last_dose + timedelta(days=days.after_last_dose):
        return Period.NEOADJUVANT
    return _after_treatment(onset, when, when.last_dose + timedelta(days=days.late_after))


def _after_treatment(onset: date, when: Milestones, interval_until: date) -> Period:
    if when.ccr and onset >= when.ccr:
        return Period.SURVEILLANCE
    if when.ccr or when.surg or onset <= interval_until:
        return Period.INTERVAL
    return Period.LATE


def is_collected(
    onset: date,
    when: Milestones,
    days: CollectionDays,
    *,
    serious: bool = False,
    immune_related: bool = False,
    related: bool = False,
    at_any_time: bool = False,
) -> bool:
    """Whether an event that began on ``onset`` belongs in the collection window, the same in both arms (protocol 3.6).

    All events from consent to some weeks after the last study treatment of the arm, or after an operation if
    that is later; serious and immune-related ones longer after that treatment; later only related serious
    events, and those ``at_any_time``: of special interest, late toxicity of radiation, stenosis, and
    complications of an evaluation.
    """
    if when.icf is None or onset < when.icf:
        return False
    if at_any_time or (serious and related) or when.last_dose is None:
        return True
    ends = [when.last_dose + timedelta(days=days.after_last_dose)]
    ends += [operated + timedelta(days=days.after_surgery) for operated in when.incisions]
    if serious or immune_related:
        ends.append(when.last_dose + timedelta(days=days.serious_after_treatment))
    return onset <= max(ends)


def prolonged_steroid(courses: Iterable[SteroidCourse], *, until: date, limit_mg: Number, days: int) -> bool:
    """Whether the daily prednisone-equivalent stood above ``limit_mg`` for more than ``days`` days on end
    (protocol 3.6).

    Courses that overlap add up; one without an end runs to ``until``.
    """
    daily: dict[date, Decimal] = {}
    for course in courses:
        for n in range(((course.end or until) - course.start).days + 1):
            day = course.start + timedelta(days=n)
            daily[day] = daily.get(day, Decimal()) + exact(course.mg_per_day)
    run, last = 0, None
    for day in sorted(day for day, dose in daily.items() if dose > exact(limit_mg)):
        run = run + 1 if last and day - last == timedelta(days=1) else 1
        if run > days:
            return True
        last = day
    return False


SPECIAL_ALWAYS = ("myocarditis", "perforation", "stenosis", "neutropenic_fever")


def special_interest(
    kinds: Iterable[str | None], *, from_grade: Mapping[str, int], grade: int, fatal: bool, related: bool
) -> tuple[str, ...]:
    """Why an event is of special interest, so that the sponsor is told at once (protocol 3.6, aesi).

    ``from_grade`` says from which grade some kinds are.
    """
    named = {kind for kind in kinds if kind}
    reached = [kind for kind, least in from_grade.items() if kind in named and grade >= least]
    reached += [kind for kind in SPECIAL_ALWAYS if kind in named]
    return (*reached, "treatment_death") if fatal and related else tuple(reached)

"""The endpoints of the trial, derived from dates and typed histories (protocol section 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from protocol.partial_dates import partial_date
from protocol.survival import (
    DAY_OF_36_MONTHS,
    DAYS_PER_MONTH,
    KaplanMeier,
    Rate,
    day_of_month,
    kaplan_meier,
    months,
    non_inferior,
    rate_difference,
)

__all__ = [
    "DAYS_PER_MONTH",
    "DAY_OF_36_MONTHS",
    "POSTOPERATIVE_DAYS",
    "AnalysisHistory",
    "DeathBound",
    "DeathDate",
    "DeathDay",
    "Definition",
    "DiseaseEvent",
    "DiseaseFinding",
    "KaplanMeier",
    "Mortality",
    "Operation",
    "Rate",
    "Resected",
    "TimeToEvent",
    "age_on",
    "age_range_on",
    "day_of_month",
    "death_day",
    "death_without_date",
    "died_within",
    "disease_free_survival",
    "kaplan_meier",
    "last_alive",
    "months",
    "non_inferior",
    "oesophagectomy_free_survival",
    "organ_preserved",
    "overall_survival",
    "perioperative_mortality",
    "rate_difference",
]


class DeathDay(StrEnum):
    """How far the day of death is known (protocol 3.13)."""

    EXACT = "exact"
    DAY_IMPUTED = "day_imputed"
    MONTH_UNKNOWN = "month_unknown"
    YEAR_UNKNOWN = "year_unknown"
    BEFORE_LAST_ALIVE = "before_last_alive"
    AFTER_REPORT = "after_report"


class DeathBound(StrEnum):
    """On which possible day a death without a day is counted: the two sensitivity analyses (protocol 6.1)."""

    EARLIEST = "earliest"
    LATEST = "latest"


POSTOPERATIVE_DAYS = (30, 90)  # of the mortality after an operation (protocol 3.10, 3.13)


@dataclass(frozen=True, slots=True)
class DeathDate:
    """The day of death that analyses use, if there is one, and how it was found.

    ``earliest`` and ``latest`` are the first and the last day on which the death can have been.
    """

    on: date | None
    known: DeathDay
    earliest: date
    latest: date

    def counted_on(self, bound: DeathBound) -> date:
        """The day that analyses use; where there is none, the bound of the possible days (decision D4)."""
        if self.on is not None:
            return self.on
        return self.earliest if bound is DeathBound.EARLIEST else self.latest

    def within(self, first: date, last: date) -> bool | None:
        """Whether death came from ``first`` to ``last``; ``None`` where its possible days disagree
        (decision D4).
        """
        if first <= self.earliest and self.latest <= last:
            return True
        return False if self.latest < first or last < self.earliest else None


@dataclass(frozen=True, slots=True)
class TimeToEvent:
    """Days from an origin to an event or to censoring; ``because`` names what ended it."""

    days: int
    event: bool
    on: date
    because: str

    @property
    def months(self) -> float:
        """The time in months of 30.4375 days (protocol 6)."""
        return months(self.days)


class DiseaseFinding(StrEnum):
    """What was found of the disease (protocol 6.2)."""

    DISTANT = "distant"
    LOCOREGIONAL = "locoregional"  # residue, regrowth or recurrence: the rest of the history says which
    NOT_RESECTABLE = "not_resectable"  # cannot be resected, or refused with proven disease, when it is known
    NEOADJUVANT_PROGRESSION = "neoadjuvant_progression"  # prevents curative treatment
    SECOND_PRIMARY = "second_primary"


class Resected(StrEnum):
    """What an operation achieved (protocol 3.8, 3.9)."""

    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    NOT_RESECTED = "explored"
    NOT_KNOWN = "not_known"  # the specimen is not reported yet: the oesophagus is out, R is open


class Definition(StrEnum):
    """The three definitions of disease-free survival (protocol 6.2)."""

    STRATEGY = "DFS-A"
    STRICT = "DFS-B"
    PROGRESSION = "PFS-S"


@dataclass(frozen=True, slots=True)
class DiseaseEvent:
    """A finding, when it was proven and when first suspected; one never proven has no ``proven_on``.

    ``controlled_on``: locoregional disease cleared without an oesophagectomy. ``endoscopic_r0_on``: removed
    by endoscopy with clear margins, which controls it as well (decision E3).
    """

    finding: DiseaseFinding
    proven_on: date | None
    suspected_on: date | None = None
    controlled_on: date | None = None
    endoscopic_r0_on: date | None = None

    @property
    def controlled_from(self) -> date | None:
        """The first day on which it was cleared without an oesophagectomy, whichever way."""
        return min(filter(None, (self.controlled_on, self.endoscopic_r0_on)), default=None)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on the oesophagus and what it achieved."""

    on: date
    resected: Resected

    @property
    def removed_oesophagus(self) -> bool:
        """Whether it was an oesophagectomy, not an exploration."""
        return self.resected is not Resected.NOT_RESECTED


@dataclass(frozen=True, slots=True)
class AnalysisHistory:
    """What is known of one participant at a data cut (protocol 6)."""

    rand: date
    cutoff: date
    ccr: date | None = None
    findings: tuple[DiseaseEvent, ...] = ()
    operations: tuple[Operation, ...] = ()
    death: date | None = None
    last_alive: date | None = None
    clear_assessments: tuple[date, ...] = ()
    missed_assessments: tuple[date, ...] = ()

    @property
    def without_disease(self) -> tuple[date, ...]:
        """The days of assessments without disease; an R0 operation is itself one (decision E3)."""
        r0 = (each.on for each in self.operations if each.resected is Resected.R0)
        return (*self.clear_assessments, *r0)

    @property
    def alive_until(self) -> date:
        """The last day by the cut on which the participant is known to have lived; a later death proves it
        (decision E2).
        """
        proofs = (day for day in (self.last_alive, self.death) if day)
        return max(self.rand, min(max(proofs, default=self.rand), self.cutoff))


def age_range_on(birth: object, day: date) -> tuple[int, int] | None:
    """The lowest and highest age in whole years that a partly known birth date allows (protocol 3.1)."""
    born = partial_date(birth)
    if born is None or born.earliest > day:
        return None
    return _years(born.latest, day), _years(born.earliest, day)


def age_on(birth: object, day: date) -> int | None:
    """The age in whole years; ``None`` where a partly known birth date leaves two (protocol 3.1)."""
    possible = age_range_on(birth, day)
    return possible[0] if possible and possible[0] == possible[1] else None


def last_alive(proofs_of_life: Iterable[date | None], *, cutoff: date | None = None) -> date | None:
    """The latest proof of life, none after the data cut counted (protocol 3.13, last_alive_dt)."""
    return max((day for day in proofs_of_life if day and (cutoff is None or day <= cutoff)), default=None)


def death_day(
    death: object, *, last_alive_on: date | None = None, reported_on: date | None = None
) -> DeathDate | None:
    """The day of death for analysis; ``None`` if no death is recorded (protocol 3.13, decision D4).

    With the day unknown it is the 15th, not before the last proof of life and not after the day on which
    the death was reported; with the month unknown nothing is imputed. A proof of life after the recorded
    time or after the report, and a report before it, are flagged, not smoothed over.
    """
    recorded = partial_date(death)
    if recorded is None:
        return None
    earliest = max(recorded.earliest, last_alive_on or recorded.earliest)
    latest = min(recorded.latest, reported_on or recorded.latest)
    if earliest > latest:
        late = latest < recorded.earliest
        known = DeathDay.AFTER_REPORT if late else DeathDay.BEFORE_LAST_ALIVE
        return DeathDate(recorded.exact, known, recorded.earliest, recorded.latest)
    if recorded.exact:
        return DeathDate(recorded.exact, DeathDay.EXACT, earliest, latest)
    if recorded.month is None:
        return DeathDate(None, DeathDay.MONTH_UNKNOWN, earliest, latest)
    fifteenth = date(recorded.year, recorded.month, 15)
    return DeathDate(min(max(fifteenth, earliest), latest), DeathDay.DAY_IMPUTED, earliest, latest)


def death_without_date(*, last_alive_on: date | None, reported_on: date | None) -> DeathDate | None:
    """A death of which not even the year is known: from the last proof of life to the report (decision D4)."""
    if last_alive_on is None or reported_on is None or last_alive_on > reported_on:
        return None
    return DeathDate(None, DeathDay.YEAR_UNKNOWN, last_alive_on, reported_on)


def overall_survival(
    *,
    rand: date,
    cutoff: date,
    death: DeathDate | None = None,
    last_alive_on: date | None = None,
    bound: DeathBound = DeathBound.EARLIEST,
) -> TimeToEvent:
    """Days from randomisation to death from any cause, else to the last proof of life by the data cut
    (protocol 6.1).

    Nothing else censors. A death after the cut proves life at the cut and is censored there (decision E2).
    A death without a day counts on the ``bound`` of its possible days: the analysis is made with both
    (decision D4). A death that is not known to the day is never before randomisation, which is a proof of
    life as well.
    """
    if death:
        died = death.counted_on(bound)
        died = died if death.known is DeathDay.EXACT else max(died, rand)
        if died > cutoff:
            return TimeToEvent((cutoff - rand).days, False, cutoff, "death_after_cut")
        because = "death" if death.on else death.known.value
        return TimeToEvent((died - rand).days, True, died, because)
    until = max(rand, min(last_alive_on or rand, cutoff))
    return TimeToEvent((until - rand).days, False, until, "data_cut" if until == cutoff else "last_alive")


def disease_free_survival(
    history: AnalysisHistory,
    definition: Definition = Definition.STRATEGY,
    *,
    removed_within: timedelta,
    by_suspicion: bool = False,
    second_primary_counts: bool = False,
    censor_after_missed: int | None = None,
) -> TimeToEvent | None:
    """Time to the first event of DFS-A, DFS-B or PFS-S, else to the last assessment without disease (protocol
    6.2).

    Local disease removed R0 ``removed_within`` so long of its proof is no event of DFS-A (protocol
    7.7). The other keywords are the sensitivity readings: events dated by suspicion, second primaries counted, and
    censoring at the last clear assessment when so many assessments were missed before the event.
    ``None``: PFS-S of a participant without a declared complete response.
    """
    origin = history.ccr if definition is Definition.PROGRESSION else history.rand
    if origin is None:
        return None
    events = [
        (day, because)
        for day, because in _events(history, definition, removed_within, by_suspicion, second_primary_counts)
        if origin <= day <= history.cutoff
    ]
    first = min(events, default=None)
    assessed = history.without_disease
    clear = max((day for day in assessed if origin <= day <= history.cutoff), default=origin)
    if first is None:
        return TimeToEvent((clear - origin).days, False, clear, "last_clear_assessment")
    on, because = first
    before = max((day for day in assessed if origin <= day < on), default=origin)
    missed = sum(before < day < on for day in history.missed_assessments)
    if censor_after_missed is not None and missed >= censor_after_missed:
        return TimeToEvent((before - origin).days, False, before, "missed_assessments")
    return TimeToEvent((on - origin).days, True, on, because)


def oesophagectomy_free_survival(history: AnalysisHistory) -> TimeToEvent:
    """Days from randomisation to oesophagectomy or death, else to the last proof of life (protocol 6.3)."""
    events = [(each.on, "oesophagectomy") for each in history.operations if each.removed_oesophagus]
    if history.death:
        events.append((history.death, "death"))
    first = min((event for event in events if event[0] <= history.cutoff), default=None)
    if first:
        return TimeToEvent((first[0] - history.rand).days, True, *first)
    until = history.alive_until
    return TimeToEvent((until - history.rand).days, False, until, "last_alive")


def organ_preserved(history: AnalysisHistory, *, at_months: int) -> bool | None:
    """Whether the participant is alive with the oesophagus and without uncontrolled local disease (protocol
    6.3).

    Untreated local disease is a failure even with the oesophagus in place. ``None`` when the
    participant was not followed so far. What came after the data cut is not known at the cut, nor whether
    disease that is there at the cut will be cleared by a later day.
    """
    day = history.rand + timedelta(days=day_of_month(at_months))
    known_to = min(day, history.cutoff)
    if history.death and history.death <= known_to:
        return False
    if any(each.removed_oesophagus and each.on <= known_to for each in history.operations):
        return False
    if any(_uncontrolled(each, known_to) for each in history.findings):
        return False if day == known_to else None
    return True if history.alive_until >= day else None


@dataclass(frozen=True, slots=True)
class Mortality:
    """Death after operations; ``None`` where the follow-up does not reach so far, or where the possible days
    of a death disagree (protocol 3.10, 3.13).
    """

    within_30_days: bool | None
    within_90_days: bool | None
    in_hospital: bool | None


@dataclass(frozen=True, slots=True)
class Admission:
    """The admission of an operation with an incision: operated on, and discharged on a day if it ended."""

    surgery: date
    discharge: date | None = None


def died_within(
    days: int, of: date | None, *, death: DeathDate | None, last_alive_on: date | None = None
) -> bool | None:
    """Whether death came within ``days`` of a day, such as surgery or the last treatment (protocol 3.13)."""
    if of is None:
        return None
    limit = of + timedelta(days=days)
    if death:
        return death.within(of, limit)
    return False if last_alive_on and last_alive_on >= limit else None


def perioperative_mortality(
    operations: Iterable[Admission], *, death: DeathDate | None, last_alive_on: date | None = None
) -> Mortality:
    """Death within 30 and 90 days of an operation with an incision, and in the admission of one (protocol
    3.10, 3.13, 6.5; decision D1).
    """
    known = list(operations)

    def within(days: int) -> bool | None:
        return _any_of(
            died_within(days, each.surgery, death=death, last_alive_on=last_alive_on) for each in known
        )

    first, last = POSTOPERATIVE_DAYS
    return Mortality(within(first), within(last), _any_of(_in_hospital(each, death) for each in known))


def _any_of(answers: Iterable[bool | None]) -> bool | None:
    """True if one is; False if all are; unknown otherwise, and for none at all."""
    known = list(answers)
    if True in known:
        return True
    return None if None in known or not known else False


def _in_hospital(admission: Admission, death: DeathDate | None) -> bool | None:
    if death is None:
        return None if admission.discharge is None else False
    return death.within(admission.surgery, admission.discharge or death.latest)


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _uncontrolled(event: DiseaseEvent, day: date) -> bool:
    if event.finding not in (DiseaseFinding.LOCOREGIONAL, DiseaseFinding.NOT_RESECTABLE):
        return False
    if event.proven_on is None or event.proven_on > day:
        return False
    return event.controlled_from is None or event.controlled_from > day


def _events(
    history: AnalysisHistory,
    definition: Definition,
    removed_within: timedelta,
    by_suspicion: bool,
    second_primary_counts: bool,
) -> Iterable[tuple[date, str]]:
    if history.death:
        yield history.death, "death"
    open_or_r0 = (Resected.R0, Resected.NOT_KNOWN)
    yield from ((each.on, "not_r0") for each in history.operations if each.resected not in open_or_r0)
    for event in history.findings:
        if event.proven_on is None or event.proven_on > history.cutoff:
            continue
        if event.finding is DiseaseFinding.SECOND_PRIMARY and not second_primary_counts:
            continue
        day = (event.suspected_on if by_suspicion else None) or event.proven_on
        if event.finding is not DiseaseFinding.LOCOREGIONAL or _local_counts(
            event.proven_on, event.endoscopic_r0_on, history, definition, removed_within
        ):
            yield day, event.finding.value


def _local_counts(
    proven_on: date,
    endoscopic_r0_on: date | None,
    history: AnalysisHistory,
    definition: Definition,
    removed_within: timedelta,
) -> bool:
    """Whether proven locoregional disease is an event by itself, on the day of its proof."""
    after_r0 = any(each.resected is Resected.R0 and each.on < proven_on for each in history.operations)
    regrowth = history.ccr is not None and proven_on >= history.ccr
    if after_r0 or (regrowth and definition is not Definition.STRATEGY):
        return True
    limit = proven_on + removed_within
    # Not yet an event while it can still be removed in time, nor when something else already made it one.
    settled = (*_settles(history), endoscopic_r0_on or date.max)
    return limit < history.cutoff and not any(proven_on <= day <= limit for day in settled)


def _settles(history: AnalysisHistory) -> Iterable[date]:
    """The days on which a local disease was removed R0, or became an event of another kind."""
    yield from (each.on for each in history.operations)
    yield from (
        event.proven_on
        for event in history.findings
        if event.proven_on and event.finding in (DiseaseFinding.DISTANT, DiseaseFinding.NOT_RESECTABLE)
    )
    if history.death:
        yield history.death

"""What the dates known of one participant say about the course of their treatment (protocol 2.1-2.5).

Milestones are dates without results, so the results that are not given are read from what followed:
a second evaluation without a cCR found residue, an operation straight after CRE-1 means CRE-1 did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from protocol.windows import Dates


class Response(StrEnum):
    """Result of a response evaluation, as far as the schedule depends on it (protocol 3.7)."""

    CLEAR = "clear"
    POSITIVE = "positive"
    UNCERTAIN = "uncertain"
    NOT_EVALUABLE = "not_evaluable"
    DISTANT = "distant"


class WithdrawalScope(StrEnum):
    """The four separate ticks of a withdrawal (protocol 2.5)."""

    DRUG = "drug"
    PROCEDURES = "procedures"
    QOL = "qol"
    ALL = "all"


NOTHING: Mapping[str, date] = MappingProxyType({})
EXAMINING_FORMS = frozenset({"CRE", "FU"})  # at a visit with one of them somebody looks for the tumour
CUT_SWEEPS = "SWEEP-C"  # and the number of the data cut
VITAL = frozenset(("month 36", "sweep", "data cut"))
SAFETY = frozenset(("safety", "immune safety", "postoperative"))
IN_SURVEILLANCE = frozenset(("SURVEILLANCE", "REFUSED_SURGERY"))
WITHOUT_SURGERY = IN_SURVEILLANCE | {"NONSURGICAL_SALVAGE", "REFUSED_WORKUP"}
TOWARDS_SURGERY = frozenset(("SURGERY_PLANNED", "OPERATED", "NOT_RESECTED", "FOLLOW_UP", "RECURRENCE"))
CURE_OVER = frozenset(("PROGRESSION", "DISTANT", "RECURRENCE", "NOT_RESECTED"))
SURVIVAL_ONLY = frozenset(("SURVIVAL_ONLY", "NEVER_TREATED", "LOST"))
ALL_OVER = frozenset(("DEAD", "WITHDRAWN_ALL", "COMPLETED", "SCREEN_FAIL", "WITHDRAWN"))
ENDS_FOLLOWING = ALL_OVER | {"LOST", "SURVIVAL_ONLY"}


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit of one participant: why it exists, what it hangs on, its window and what is due at it."""

    code: str
    series: str
    anchor: str
    anchor_on: date
    target: date
    opens: date
    closes: date
    forms: tuple[str, ...]
    procedures: tuple[str, ...]
    proposed_on: date
    reason: str
    latest: date | None = None


@dataclass(frozen=True, slots=True)
class PastVisit:
    """A visit that took place on a day, or (without a day) that was recorded as not done."""

    visit: PlannedVisit
    took_place_on: date | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one participant on the day ``as_of``.

    ``track`` is the state of protocol 2.5 and ``track_since`` the day it was entered; both may be unknown.
    ``track_left`` and ``left_since`` are those before a track that ends the following (death, loss, withdrawal,
    survival alone); ``survival_since`` is the day since which survival alone is asked for, or was until an ending.
    ``responses`` gives results by evaluation ("CRE1", "CRE2"), ``withdrawn`` the day of each scope,
    ``data_cuts`` number and day of those near which nobody has met the participant, ``examined_on`` the days of
    visits at which somebody looked for the tumour, those that the schedule did not ask for included.
    """

    as_of: date
    arm: str | None = None
    milestones: Mapping[str, date] = field(default_factory=lambda: NOTHING)
    track: str | None = None
    track_since: date | None = None
    track_left: str | None = None
    left_since: date | None = None
    survival_since: date | None = None
    responses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    withdrawn: Mapping[str, date] = field(default_factory=lambda: NOTHING)
    past: tuple[PastVisit, ...] = ()
    data_cuts: tuple[tuple[int, date], ...] = ()
    examined_on: frozenset[date] = frozenset()

    @property
    def course(self) -> str | None:
        """The track that says which visits there are: an ending only says until when."""
        return self.track_left if self._has_left else self.track

    @property
    def course_since(self) -> date | None:
        """The day on which ``course`` was entered."""
        return self.left_since if self._has_left else self.track_since

    @property
    def _has_left(self) -> bool:
        return self.track_left is not None and self.track in ENDS_FOLLOWING

    def on(self, milestone: str) -> date | None:
        """The date of ``milestone``, if it is known."""
        return self.milestones.get(milestone)

    def before(self, first: str, second: str) -> bool:
        """Whether ``first`` is known and ``second`` is unknown or not earlier."""
        one, other = self.on(first), self.on(second)
        return one is not None and (other is None or one <= other)


@dataclass(frozen=True, slots=True)
class Ending:
    """A day on which visits stop, except those of the series in ``keeps``.

    A visit that did not take place by then is not awaited any more, be its target before the day: nobody comes. One
    whose window had closed was not done, and that stays so.
    At a ``finding`` (metastasis, recurrence) a visit whose window was open may be the one that found it: it stays
    unless the participant was ``examined`` in its window already. Adjuvant treatment is not decided any more.
    """

    on: date
    keeps: frozenset[str] = frozenset()
    finding: bool = False
    examined: frozenset[date] = frozenset()

    def allows(self, series: str, dates: Dates, happened_on: date | None) -> bool:
        """Whether a visit of ``series`` with these ``dates`` stays in the plan."""
        if series in self.keeps or (happened_on is not None and happened_on <= self.on):
            return True
        if dates.closes < self.on:
            return True
        may_be_it = self.finding and series not in ("surgery", "adjuvant")
        return may_be_it and may_have_found(dates, self.on, self.examined)


def may_have_found(dates: Dates, found_on: date, examined: frozenset[date]) -> bool:
    """Whether a visit with these ``dates`` can be the one that found something: no other did, in its window."""
    earlier = any(dates.opens <= day <= found_on for day in examined)
    return dates.opens <= found_on and not earlier


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """The day that the clock of a planned operation starts, and why."""

    anchor: str
    on: date
    reason: str


def ccr_on(history: History) -> date | None:
    """Day of the declared cCR, be it late (protocol 2.1)."""
    return history.on("CCR") or history.on("LATECCR")


def cre1_is_positive(history: History) -> bool:
    """Whether CRE-1 found disease, so that no CRE-2 follows (protocol 2.2)."""
    if response := history.responses.get("CRE1"):
        return response in (Response.POSITIVE, Response.DISTANT)
    if not history.on("CRE1") or history.on("CRE2") or history.on("CCR"):
        return False
    return history.on("SURG") is not None or history.course in TOWARDS_SURGERY | IN_SURVEILLANCE


def cre2_is_positive(history: History) -> bool:
    """Whether CRE-2 found residue: its outcome is known and is not cCR (protocol 2.2)."""
    if response := history.responses.get("CRE2"):
        return response == Response.POSITIVE
    if not history.on("CRE2") or history.on("CCR"):
        return False
    return history.on("CRE1") is not None and history.course != "AWAIT_CRE2"


def regrowth_on(history: History) -> date | None:
    """Day of the regrowth of an oesophagus still in place; afterwards it is a recurrence (protocol 3.12)."""
    return history.on("REGROWTH") if history.before("REGROWTH", "SURG") else None


def recurrence_on(history: History) -> date | None:
    """Day of the locoregional recurrence after an oesophagectomy."""
    return None if regrowth_on(history) else history.on("REGROWTH")


def surveillance_resumed(history: History) -> bool:
    """Whether surveillance was entered anew after a regrowth, which was treated without surgery."""
    regrowth = history.on("REGROWTH")
    entered_again = history.course in IN_SURVEILLANCE and history.course_since is not None
    return entered_again and regrowth is not None and regrowth < (history.course_since or regrowth)


def surgery_after_evaluation(history: History) -> PlannedOperation | None:
    """The operation that an evaluation, a regrowth or the participant's wish asks for (protocol 2.2, 2.5)."""
    operated = history.on("SURG")
    if not operated and (history.course in WITHOUT_SURGERY) and not _fresh_regrowth(history):
        return None
    if regrowth := regrowth_on(history):
        return PlannedOperation("REGROWTH", regrowth, "REGROWTH")
    if history.arm == "1":
        for milestone, positive in (("CRE2", cre2_is_positive), ("CRE1", cre1_is_positive)):
            distant = history.responses.get(milestone) == Response.DISTANT
            if (found_on := history.on(milestone)) and positive(history) and not distant:
                return PlannedOperation(milestone, found_on, "NON_CCR")
    return _surgery_on_wish(history)


def _fresh_regrowth(history: History) -> bool:
    return (
        history.course == "SURVEILLANCE"
        and history.on("REGROWTH") is not None
        and not surveillance_resumed(history)
    )


def _surgery_on_wish(history: History) -> PlannedOperation | None:
    """Surgery without a finding: counted from the decision, else from the last evaluation, else on its day."""
    operated = history.on("SURG")
    if history.arm != "1" or not (operated or history.course in TOWARDS_SURGERY):
        return None
    reason = "CROSSOVER_TO_SURGERY" if ccr_on(history) else "NON_CCR"
    if history.course == "SURGERY_PLANNED" and history.course_since:
        return PlannedOperation("SURGERY_PLANNED", history.course_since, reason)
    if operated:
        return PlannedOperation("SURG", operated, reason)
    evaluated = [(on, code) for code in ("CRE1", "CRE2", "CCR", "LATECCR") if (on := history.on(code))]
    on, code = max(evaluated, default=(history.as_of, "SURGERY_PLANNED"))
    return PlannedOperation(code, on, reason)


def endings(history: History) -> tuple[Ending, ...]:
    """Every day on which visits of this participant stop, and which go on (protocol 2.1, 2.5)."""
    over = (history.on("DEATH"), history.withdrawn.get(WithdrawalScope.ALL))
    findings = (history.on("DM"), recurrence_on(history))
    eos = history.on("EOS")
    return (
        *(Ending(on) for on in over if on),
        *((Ending(eos, keeps=VITAL if history.track == "LOST" else frozenset()),) if eos else ()),
        *(
            Ending(on, keeps=VITAL | SAFETY, finding=True, examined=history.examined_on)
            for on in findings
            if on
        ),
        *_ending_of_track(history, history.track, history.track_since),
        *_ending_of_track(history, history.course, history.course_since),
        *((Ending(history.survival_since, keeps=VITAL),) if history.survival_since else ()),
    )


def _ending_of_track(history: History, track: str | None, since: date | None) -> tuple[Ending, ...]:
    if track in ALL_OVER:
        dated = history.on("DEATH") if track == "DEAD" else history.on("EOS")
        return (Ending(dated or since or history.as_of),)
    if track in SURVIVAL_ONLY:
        since = since or _cure_over_on(history) or history.as_of
        finding = since == _cure_over_on(history)
        return (Ending(since, keeps=VITAL, finding=finding, examined=history.examined_on),)
    if track in CURE_OVER:
        since = _cure_over_on(history) or since or history.as_of
        return (Ending(since, keeps=VITAL | SAFETY, finding=True, examined=history.examined_on),)
    return ()


def _cure_over_on(history: History) -> date | None:
    days = [on for on in (history.on("DM"), recurrence_on(history)) if on]
    return min(days, default=None)


def month_follow_up(history: History, dates: Dates) -> tuple[str, str] | None:
    """``AS`` or ``FU`` for one month of the calendar, and why; None while it is in neither (protocol 2.2-2.4)."""
    surgery_on = history.on("SURG")
    if surgery_on and dates.target > surgery_on:
        return "FU", "SURGERY"
    declined = evaluations_declined_on(history)
    if declined and dates.target > declined:
        return "FU", "WORKUP_DECLINED"
    if not _under_surveillance(history, dates):
        return ("FU", "CALENDAR") if history.arm == "2" else _without_surveillance(history)
    if changed := _surveillance_ended(history, dates):
        return "FU", changed
    return "AS", "CCR" if history.on("CCR") else "CROSSOVER_TO_SURVEILLANCE"


def evaluations_declined_on(history: History) -> date | None:
    """Day from which the participant accepts no response evaluations, by refusal or partial withdrawal."""
    if history.course == "REFUSED_WORKUP":
        return history.course_since or history.on("NEO_END")
    return history.withdrawn.get(WithdrawalScope.PROCEDURES)


def _under_surveillance(history: History, dates: Dates) -> bool:
    if ccr := history.on("CCR"):
        return dates.target > ccr
    if history.course in IN_SURVEILLANCE and not history.on("REGROWTH"):
        return history.course_since is None or dates.target > history.course_since
    return history.course in IN_SURVEILLANCE or regrowth_on(history) is not None or _salvaged(history)


def goes_without_surgery(history: History) -> bool:
    """Whether an operation planned by the calendar of Arm 2 is declined or replaced (protocol 2.5)."""
    return regrowth_on(history) is not None or (
        history.on("SURG") is None and history.course in WITHOUT_SURGERY
    )


def _salvaged(history: History) -> bool:
    return history.course == "NONSURGICAL_SALVAGE"


def _without_surveillance(history: History) -> tuple[str, str] | None:
    """Arm 1 outside surveillance has the calendar only once it is operated, even if the day is unknown."""
    operated = history.course in ("OPERATED", "FOLLOW_UP", "RECURRENCE") and not history.on("SURG")
    return ("FU", "SURGERY") if operated else None


def _surveillance_ended(history: History, dates: Dates) -> str | None:
    reason = "NONSURGICAL_SALVAGE" if _salvaged(history) else "AFTER_REGROWTH"
    if surveillance_resumed(history) and dates.target > (history.course_since or dates.target):
        return None
    if regrowth := regrowth_on(history):
        over = dates.closes >= regrowth and not may_have_found(dates, regrowth, history.examined_on)
        return reason if over else None
    if _salvaged(history):
        return reason if dates.target > (history.course_since or history.as_of) else None
    return None

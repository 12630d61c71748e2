"""Which way a participant goes because of what was answered (protocol 2.5, 3.5, 3.7, 3.8, 3.12, 3.13).

Pure: answers in, steps out. A step that the protocol does not allow from where the participant
stands is not taken; what the person saved stays as they saved it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from crf.catalogue.adverse_event.rules import died_of
from crf.engine.answers import AnswerValues
from crf.engine.checks import earliest_day
from protocol.history import Response
from protocol.response import Outcome as Found
from protocol.states import moves_from
from protocol.text import ProtocolText

LONGEST_WAY = 4
RECORDED: Final = frozenset(
    (
        *("OPERATED", "NOT_RESECTED", "REFUSED_SURGERY", "REFUSED_WORKUP", "NONSURGICAL_SALVAGE"),
        *("PROGRESSION", "DISTANT", "RECURRENCE", "NEVER_TREATED"),
    )
)
"""Tracks that say that something happened: nobody passes through one unless answers say so."""


@dataclass(frozen=True)
class TrackChange:
    """Where answers lead: the tracks to pass through in order, since when, and evaluation results."""

    tracks: tuple[str, ...] = ()
    on: date | None = None
    results: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleInput:
    """What a rule looks at."""

    values: AnswerValues
    arm: str | None
    milestones: Mapping[str, date | None]
    groups: Mapping[str, Any] = field(default_factory=dict)
    others: Sequence[AnswerValues] = ()
    """The other records of the form, where one alone does not say where it leads."""


RESULTS: Final = {
    Found.CCR_SO_FAR: Response.CLEAR,
    Found.CCR: Response.CLEAR,
    Found.PERSISTENT_CCR: Response.CLEAR,
    Found.NON_CCR: Response.POSITIVE,
    Found.RST_CLEAR: Response.CLEAR,
    Found.RST_RESIDUE: Response.POSITIVE,
    Found.REGROWTH: Response.POSITIVE,
    Found.DISTANT: Response.DISTANT,
    Found.UNCERTAIN_REPEAT: Response.UNCERTAIN,
    Found.PROCEED_TO_CRE2: Response.UNCERTAIN,
    Found.NOT_EVALUABLE: Response.NOT_EVALUABLE,
}
TOLD_BY_ACTS: Final = ("death", "lost", "withdrew")
DECLINED: Final = ("SURGERY_PLANNED", "REFUSED_SURGERY", "SURVEILLANCE")


def of_treatment(seen: RuleInput) -> TrackChange:
    """The first dose starts neoadjuvant treatment; its end makes the participant wait for the evaluation.

    Treatment that ended without radiotherapy or a dose was never given (decision C3).
    """
    started, ended = seen.milestones.get("NEO_D1"), seen.milestones.get("NEO_END")
    if started is None:
        never = (seen.values.get("rt_given"), seen.values.get("completed")) == ("N", "N")
        return TrackChange(("NEVER_TREATED",) if never else ())
    if ended is None:
        return TrackChange(("NEOADJUVANT",), started)
    return TrackChange(("NEOADJUVANT", "AWAIT_CRE1" if seen.arm == "1" else "AWAIT_RESTAGE"), ended)


def of_evaluation(seen: RuleInput) -> TrackChange:
    """A response evaluation leads to surgery, surveillance or the next evaluation (protocol 1.5, 3.7)."""
    kind, outcome = seen.values.get("cre_type"), seen.values.get("cre_outcome")
    on = earliest_day(seen.values.get("cre_dt") or seen.values.get("ogd_dt"))
    result = RESULTS.get(outcome)  # type: ignore[arg-type]
    milestone = {"CRE1": "CRE1", "CRE2": "CRE2"}.get(str(kind))
    results = {milestone: result.value} if milestone and result else {}
    return TrackChange(_after_evaluation(str(kind), outcome, seen.values), on, results)


def _after_evaluation(kind: str, outcome: Any, values: AnswerValues) -> tuple[str, ...]:
    choice = values.get("pt_dec")
    if outcome == Found.DISTANT:
        return ("DISTANT",)
    if choice == "declines_workup":
        return ("REFUSED_WORKUP",)
    if outcome in (Found.NON_CCR, Found.REGROWTH, Found.RST_RESIDUE):
        return _after_residue(values)
    if choice == "asks_surgery":
        return ("SURGERY_PLANNED",)
    if kind == "RST" and choice == "declines_surgery":  # whatever was found: the choice ends the operation
        return ("SURVEILLANCE",)
    if kind == "CRE2" and choice == "declines_surgery" and outcome != Found.CCR:
        return DECLINED
    if kind == "RST" and outcome is not None:
        return ("SURGERY_PLANNED",)
    if kind == "CRE1" and outcome in (Found.CCR_SO_FAR, Found.PROCEED_TO_CRE2, Found.UNCERTAIN_REPEAT):
        return ("AWAIT_CRE2",)
    return ("SURVEILLANCE",) if kind == "CRE2" and outcome == Found.CCR else ()


def _after_residue(values: AnswerValues) -> tuple[str, ...]:
    if values.get("mdt_dec") in ("endoscopic_resection", "radiotherapy", "systemic"):
        return ("NONSURGICAL_SALVAGE",)
    return DECLINED if values.get("pt_dec") == "declines_surgery" else ("SURGERY_PLANNED",)


def _planned_on(operation: AnswerValues) -> date | None:
    return earliest_day(operation.get("surg_dt") or operation.get("no_surg_dt"))


def of_surgery(seen: RuleInput) -> TrackChange:
    """Resected, explored, or not operated (protocol 3.8).

    The last operation leads; once the oesophagus is resected, no exploration, refusal or re-resection moves the
    participant, whose recurrence is told by the follow-up form (decision D1).
    """
    on = _planned_on(seen.values)
    done, reason = seen.values.get("surg_done"), seen.values.get("no_surg_reason")
    resected = any(other.get("surg_done") == "resection" for other in seen.others)
    later = any(on and (day := _planned_on(other)) and day > on for other in seen.others)
    if done != "resection" and (resected or later):
        return TrackChange()
    if done == "resection":
        left = ("FOLLOW_UP",) if seen.values.get("disch_dt") else ()
        return TrackChange(("OPERATED", *left), on)
    if done == "explored" or (done == "none" and reason in ("distant", "unresectable")):
        return TrackChange(("NOT_RESECTED",), on)
    if done == "none" and reason in ("patient_refused", "ccr"):
        return TrackChange(DECLINED, on)
    return TrackChange()


def of_follow_up(seen: RuleInput) -> TrackChange:
    """A recurrence or regrowth ends what was planned, a mere suspicion does not (protocol 3.12).

    Where a finding leads to depends on whether the oesophagus is in place: of the tracks named, those
    that cannot be reached from where the participant stands are left out.
    """
    on = seen.milestones.get("DM") or seen.milestones.get("REGROWTH")
    kinds = set(seen.values.get("rec_type") or ())
    if seen.values.get("rec_yn") != "Y" or not kinds:
        return TrackChange(("FOLLOW_UP",), None)
    if seen.values.get("dz_status") == "suspect":
        return TrackChange()
    if "distant" in kinds:
        return TrackChange(("DISTANT", "RECURRENCE", "NOT_RESECTED"), on)
    if "anastomotic" in kinds:
        return TrackChange(("RECURRENCE",), on)
    if not kinds & {"local", "node"}:
        return TrackChange()
    salvage = "NONSURGICAL_SALVAGE" if seen.values.get("resectable") == "N" else "SURGERY_PLANNED"
    return TrackChange((salvage,) if "local" in kinds else ("RECURRENCE", salvage), on)


def of_event(seen: RuleInput) -> TrackChange:
    """A fatal event is a death, whether the survival form says it yet or not (protocol 2.6, 3.6)."""
    if not died_of(seen.values):
        return TrackChange()
    return TrackChange(("DEAD",), earliest_day(seen.values.get("ae_en")))


def of_survival(seen: RuleInput) -> TrackChange:
    """A death ends everything that was planned, never before the last proof of life (protocol 3.13, decision D4)."""
    if seen.values.get("vital") != "dead":
        return TrackChange()
    return TrackChange(("DEAD",), seen.milestones.get("DEATH") or seen.values.get("death_first"))


def of_progression(seen: RuleInput) -> TrackChange:
    """Progression that prevents curative treatment ends what was planned (protocol 2.5, decision C3).

    During treatment it leads to PROGRESSION; whoever waits for an evaluation goes to DISTANT where it is distant.
    """
    if seen.values.get("prog_cure") != "Y":
        return TrackChange()
    distant = set(seen.values.get("prog_where") or ()) - {"primary", "nodes", "other"}
    return TrackChange(
        ("PROGRESSION", *(("DISTANT",) if distant else ())), earliest_day(seen.values.get("prog_dt"))
    )


def of_end(seen: RuleInput) -> TrackChange:
    """Who completed the whole study stands there. The end of follow-up leaves survival to be asked for: after
    progression, metastasis, recurrence or an exploration, and where no more visits are wished (protocol 2.5).

    A death, a loss and a withdrawal are told by the acts that made them.
    """
    phase, on = seen.values.get("eos_phase"), earliest_day(seen.values.get("eos_dt"))
    if phase == "study" and seen.values.get("eos_status") == "completed":
        return TrackChange(("COMPLETED",), on)
    if phase == "follow_up" and seen.values.get("eos_why") not in TOLD_BY_ACTS:
        return TrackChange(("SURVIVAL_ONLY",), on)
    return TrackChange()


READ_TOGETHER: Final = frozenset({"SURG"})
"""Forms of which the other records are read too, to know where one leads."""

RULES: Final[Mapping[str, Callable[[RuleInput], TrackChange]]] = {
    "TREAT": of_treatment,
    "CRE": of_evaluation,
    "SURG": of_surgery,
    "FU": of_follow_up,
    "SURV": of_survival,
    "AE": of_event,
    "EOS": of_end,
    "PROG": of_progression,
}


def says_dead(records: Callable[[str], Sequence[AnswerValues]]) -> bool:
    """Say whether any record still says that the participant is dead."""
    pages = (page.get("vital") == "dead" for page in records("SURV"))
    return any(pages) or any(died_of(event) for event in records("AE"))


def track_change_of(code: str, seen: RuleInput) -> TrackChange:
    """Return where the answers of form ``code`` lead."""
    rule = RULES.get(code)
    return rule(seen) if rule else TrackChange()


def shortest_path(protocol: ProtocolText, start: str, to: str, arm: str | None) -> tuple[str, ...]:
    """Return the shortest allowed way from ``start`` to ``to``; empty when there is none or it is there.

    It does not lead through a track that nobody recorded.
    """
    reached: dict[str, tuple[str, ...]] = {start: ()}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if len(reached[here]) == LONGEST_WAY:
            continue
        for following in sorted(moves_from(protocol, here, arm)):
            if following not in reached:
                reached[following] = (*reached[here], following)
                if following not in RECORDED:
                    waiting.append(following)
    return reached.get(to, ())

"""What the stored forms say of one participant by a data cut, typed: what every endpoint is derived from.

The arm is no part of it: an endpoint is derived in the same way whoever was allocated to what (protocol 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from protocol.endpoints import DeathDate
from protocol.response import EvaluationType, Local, Outcome

NO_SCORES: Mapping[str, Decimal] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """One response evaluation with the outcome that the investigator confirmed (protocol 3.7)."""

    on: date
    kind: EvaluationType
    outcome: Outcome | None = None
    local: Local | None = None
    proven_on: date | None = None
    is_late_ccr: bool = False
    endoscopy: bool = True
    pet: bool = False
    is_whole: bool = True
    declines_surgery: bool = False
    decided_on: date | None = None
    complication: bool = False


@dataclass(frozen=True, slots=True)
class RecurrenceFacts:
    """Regrowth or recurrence as a follow-up form tells it (protocol 3.12)."""

    kinds: frozenset[str]
    proven_on: date | None
    suspected_on: date | None
    resectable: bool | None = None
    reported_on: date | None = None


@dataclass(frozen=True, slots=True)
class ProgressionFacts:
    """Progression before the decision between surveillance and surgery (protocol 2.5, 3.5 D; decision C3)."""

    on: date
    where: frozenset[str]
    proof: str
    prevents_cure: bool


@dataclass(frozen=True, slots=True)
class SpecimenFacts:
    """What the pathologist found in the specimen of one operation (protocol 3.9)."""

    ypt: str | None = None
    ypn: str | None = None
    residual_percent: str | None = None
    trg: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))
    examined: int | None = None
    positive: int | None = None
    r_cap: str | None = None
    r_one_mm: str | None = None


@dataclass(frozen=True, slots=True)
class ComplicationFacts:
    """What went wrong after one operation (protocol 3.10)."""

    any: bool
    worst: str | None = None
    cci: Decimal | None = None
    codes: frozenset[str] = frozenset()
    reoperation: bool = False
    back_to_intensive_care: bool = False


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What became of one planned operation (protocol 3.8, decision D1).

    ``on`` is the day of the incision; an operation that was given up has the day ``given_up_on`` instead.
    """

    number: int
    done: str
    on: date | None = None
    given_up_on: date | None = None
    why_not: str | None = None
    intent: str | None = None
    left_behind: str | None = None
    discharged_on: date | None = None
    intensive_care_days: Decimal | None = None
    intraoperative_event: bool | None = None
    readmitted: bool | None = None
    specimen: SpecimenFacts | None = None
    complications: ComplicationFacts | None = None

    @property
    def has_specimen(self) -> bool:
        """Whether something was resected."""
        return self.done in ("resection", "reresection")

    @property
    def has_incision(self) -> bool:
        """Whether it was begun: a resection or an exploration."""
        return self.on is not None and (self.has_specimen or self.done == "explored")


@dataclass(frozen=True, slots=True)
class TreatmentFacts:
    """What was given of the neoadjuvant treatment (protocol 3.5)."""

    carboplatin_doses: int = 0
    paclitaxel_doses: int = 0
    camrelizumab_doses: int = 0
    fractions: int | None = None
    gray: Decimal | None = None
    carboplatin_intensity: Decimal | None = None
    paclitaxel_intensity: Decimal | None = None
    completed: bool | None = None


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One adverse event (protocol 3.6), by its number on the log; ``related`` names the components that it is
    possibly related to.

    ``kind`` is what it is of special interest for, ``immune_kind`` its organ where it is immune-related,
    ``procedure`` what went wrong in a response evaluation, and ``words`` what people typed and chose for it.
    """

    began_on: date | None
    began_by: date | None
    grade: int | None
    term: str = ""
    number: int = 0
    organ_class: str = ""
    kind: str = ""
    immune_kind: str = ""
    procedure: str = ""
    serious: bool = False
    fatal: bool = False
    immune: bool = False
    stopped_treatment: bool = False
    of_evaluation: bool = False
    related: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionnaireFacts:
    """One questionnaire that was filled in, with its scores (protocol 3.14)."""

    on: date
    scores: Mapping[str, Decimal] = field(default_factory=lambda: NO_SCORES)


@dataclass(frozen=True, slots=True)
class EvaluationVisitFacts:
    """A planned visit at which an evaluation was due (protocol 2.2)."""

    due_by: date
    took_place_on: date | None
    in_window: bool


@dataclass(frozen=True, slots=True)
class BurdenFacts:
    """What the follow-up cost the participant: dated procedures, and days in hospital (protocol 6.5)."""

    endoscopies: tuple[date, ...] = ()
    pet_cts: tuple[date, ...] = ()
    dilatations: int = 0
    hospital_days: int = 0


@dataclass(frozen=True, slots=True)
class ExclusionFacts:
    """A deviation that excludes from the per-protocol set, or is proposed to (protocol 3.15, decision D6)."""

    number: int
    category: str
    decided: bool


@dataclass(frozen=True, slots=True)
class ParticipantFacts:
    """Everything that endpoints and analysis sets of one participant rest on, as known at a data cut."""

    number: str
    rand: date
    cutoff: date
    neo_d1: date | None = None
    neo_end: date | None = None
    last_dose: date | None = None
    clinical_t: str | None = None
    clinical_n: str | None = None
    death: DeathDate | None = None
    last_alive: date | None = None
    ended_on: date | None = None
    treatment: TreatmentFacts | None = None
    progression: ProgressionFacts | None = None
    evaluations: tuple[EvaluationFacts, ...] = ()
    recurrences: tuple[RecurrenceFacts, ...] = ()
    operations: tuple[OperationFacts, ...] = ()
    endoscopic_resections: tuple[date, ...] = ()
    events: tuple[EventFacts, ...] = ()
    questionnaires: tuple[QuestionnaireFacts, ...] = ()
    images_without_disease: tuple[date, ...] = ()
    evaluation_visits: tuple[EvaluationVisitFacts, ...] = ()
    burden: BurdenFacts = BurdenFacts()
    later_pd1_on: date | None = None
    asked_for_surgery: bool = False
    never_treated: bool = False
    cause_of_death: str | None = None
    exclusions: tuple[ExclusionFacts, ...] = ()

    @property
    def ccr(self) -> date | None:
        """The day on which a cCR was declared at CRE-2, or at the repeat of it; a late one is none (decision B7)."""
        declared = (EvaluationType.CRE2, EvaluationType.UNSCHEDULED)
        return min(
            (
                each.on
                for each in self.evaluations
                if each.outcome is Outcome.CCR and not each.is_late_ccr and each.kind in declared
            ),
            default=None,
        )

    @property
    def late_ccr(self) -> date | None:
        """The day on which a cCR was first reached in surveillance (decision B7)."""
        return min(
            (each.on for each in self.evaluations if each.outcome is Outcome.CCR and each.is_late_ccr),
            default=None,
        )

    @property
    def incisions(self) -> tuple[OperationFacts, ...]:
        """The operations that were begun, in order of time."""
        begun = [each for each in self.operations if each.has_incision]
        return tuple(sorted(begun, key=lambda each: (each.on or self.cutoff, each.number)))

    @property
    def resection(self) -> OperationFacts | None:
        """The resection of the oesophagus; the pathological endpoints are those of its specimen (X040)."""
        return next((each for each in self.incisions if each.has_specimen), None)

"""Every endpoint of one participant, derived from what the forms say by the cut (protocol 6.1 to 6.5).

One value for each column of the file for statisticians; ``None`` is "not known", never "no".
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal

from protocol.burden import Burden, EvaluationAdherence, adherence_of, burden_of
from protocol.disease_course import history_of, resected_of
from protocol.endpoints import (
    DAY_OF_36_MONTHS,
    Admission,
    AnalysisHistory,
    DeathBound,
    Definition,
    Mortality,
    Resected,
    TimeToEvent,
    disease_free_survival,
    oesophagectomy_free_survival,
    organ_preserved,
    overall_survival,
    perioperative_mortality,
)
from protocol.facts import OperationFacts, ParticipantFacts
from protocol.organ_course import (
    CauseOfEnd,
    ClinicalResponse,
    clinical_response,
    durable_response,
    oesophagectomy_incidence,
    regrowth_incidence,
)
from protocol.pathology import downstaged_n, downstaged_t, mpr, node_ratio, pcr
from protocol.perioperative import PerioperativeOutcome, is_r0, perioperative_outcome
from protocol.quality_over_time import Deterioration, time_to_deterioration
from protocol.treatment_events import EventSummary, TreatmentSummary, event_summary, treatment_summary

CANCER = "oesophageal_cancer"
POSITIVE_NODES = ("N1", "N2", "N3")


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """The values of the protocol text that endpoints depend on."""

    r0_rule: str
    trg_system: str
    removed_within: timedelta
    ypis_counts: bool
    mpr_at_most: Decimal
    nodes_min: int
    response_known_after: timedelta
    events_after_last_dose: timedelta
    chemo_doses: int
    fractions: int
    meaningful_change: Decimal
    main_scales: tuple[str, ...]
    high_is_good: frozenset[str]
    organ_months: tuple[int, int, int]
    missed_before: int
    severe_from: int
    textbook_stay: int


@dataclass(frozen=True, slots=True)
class SpecimenOutcome:
    """The pathological endpoints, of the resection of the oesophagus (protocol 6.4)."""

    pcr: bool | None = None
    mpr: bool | None = None
    r0: bool | None = None
    r0_by_margin: bool | None = None
    r0_by_one_mm: bool | None = None
    trg: str | None = None
    node_positive: bool | None = None
    nodes_positive: int | None = None
    nodes_examined: int | None = None
    node_ratio: Decimal | None = None
    downstaged_t: bool | None = None
    downstaged_n: bool | None = None


@dataclass(frozen=True, slots=True)
class SurgeryOutcome:
    """Whether and when there was an operation, and what it was for (protocol 6.3, 6.4)."""

    planned: bool
    begun: bool
    resected: bool
    intent: str | None
    days_to_surgery: int | None
    days_from_regrowth: int | None
    salvage_success: bool | None
    missed_residue: bool | None


@dataclass(frozen=True, slots=True)
class IntercurrentEvents:
    """What came between, as the estimands name it (ICH E9(R1); protocol 6.8, decision E5)."""

    declined_surgery: bool
    asked_for_surgery: bool
    never_started: bool
    progressed_before_decision: bool
    later_pd1: bool
    died_without_cancer: bool | None


@dataclass(frozen=True, slots=True)
class EndpointValues:
    """Every endpoint of one participant at the cut."""

    os: TimeToEvent
    os_latest: TimeToEvent
    alive_at_36_months: bool | None
    dfs_a: TimeToEvent
    dfs_b: TimeToEvent
    pfs_s: TimeToEvent | None
    dfs_a_by_suspicion: TimeToEvent
    dfs_a_second_primary: TimeToEvent
    dfs_a_missed: TimeToEvent
    response: ClinicalResponse
    durable: TimeToEvent | None
    regrowth: CauseOfEnd | None
    organ_preserved_12: bool | None
    organ_preserved_24: bool | None
    organ_preserved_36: bool | None
    oesophagectomy_free: TimeToEvent
    oesophagectomy: CauseOfEnd
    surgery: SurgeryOutcome
    specimen: SpecimenOutcome
    perioperative: PerioperativeOutcome | None
    mortality: Mortality
    treatment: TreatmentSummary
    events: EventSummary
    deterioration: tuple[Deterioration, ...]
    adherence: EvaluationAdherence
    burden: Burden
    intercurrent: IntercurrentEvents


def endpoint_values(facts: ParticipantFacts, rules: EndpointRules) -> EndpointValues:
    """Derive every endpoint of one participant; the arm is not asked for."""
    history = history_of(facts, r0_rule=rules.r0_rule)
    survival = overall_survival(
        rand=facts.rand, cutoff=facts.cutoff, death=facts.death, last_alive_on=facts.last_alive
    )
    kept = [organ_preserved(history, at_months=months) for months in rules.organ_months]
    mortality = mortality_of(facts)
    return EndpointValues(
        os=survival,
        os_latest=overall_survival(
            rand=facts.rand,
            cutoff=facts.cutoff,
            death=facts.death,
            last_alive_on=facts.last_alive,
            bound=DeathBound.LATEST,
        ),
        alive_at_36_months=alive_on(survival, DAY_OF_36_MONTHS),
        dfs_a=_free(history, rules, Definition.STRATEGY),
        dfs_b=_free(history, rules, Definition.STRICT),
        pfs_s=disease_free_survival(history, Definition.PROGRESSION, removed_within=rules.removed_within),
        dfs_a_by_suspicion=_free(history, rules, Definition.STRATEGY, by_suspicion=True),
        dfs_a_second_primary=_free(history, rules, Definition.STRATEGY, second_primary_counts=True),
        dfs_a_missed=_free(history, rules, Definition.STRATEGY, censor_after_missed=rules.missed_before),
        response=clinical_response(facts, known_after=rules.response_known_after),
        durable=durable_response(history),
        regrowth=regrowth_incidence(history),
        organ_preserved_12=kept[0],
        organ_preserved_24=kept[1],
        organ_preserved_36=kept[-1],
        oesophagectomy_free=oesophagectomy_free_survival(history),
        oesophagectomy=oesophagectomy_incidence(history),
        surgery=_surgery(facts, history, rules),
        specimen=_specimen(facts, rules),
        perioperative=_perioperative(facts, rules),
        mortality=mortality,
        treatment=treatment_summary(facts, chemo_doses=rules.chemo_doses, fractions=rules.fractions),
        events=event_summary(
            facts, after_last_dose=rules.events_after_last_dose, severe_from=rules.severe_from
        ),
        deterioration=tuple(
            time_to_deterioration(
                facts, scale, by=rules.meaningful_change, high_is_good=scale in rules.high_is_good
            )
            for scale in rules.main_scales
        ),
        adherence=adherence_of(facts),
        burden=burden_of(facts, until=history.alive_until),
        intercurrent=_intercurrent(facts, survival),
    )


def alive_on(survival: TimeToEvent, day: int) -> bool | None:
    """Whether somebody lived on a day after randomization; ``None`` where the follow-up ends before (6.1)."""
    if survival.event and survival.days <= day:
        return False
    return True if survival.days >= day else None


def mortality_of(facts: ParticipantFacts) -> Mortality:
    """Death within 30 and 90 days and in hospital, after every operation with an incision (decision D1)."""
    begun = [
        Admission(each.on, each.discharged_on)
        for each in facts.incisions
        if each.on and each.on <= facts.cutoff
    ]
    return perioperative_mortality(begun, death=facts.death, last_alive_on=facts.last_alive)


def _intercurrent(facts: ParticipantFacts, survival: TimeToEvent) -> IntercurrentEvents:
    progressed, later = facts.progression, facts.later_pd1_on
    cause = facts.cause_of_death
    unknown = cause in (None, "unknown") and survival.event
    return IntercurrentEvents(
        declined_surgery=any(each.declines_surgery for each in facts.evaluations)
        or any(each.why_not == "patient_refused" for each in facts.operations),
        asked_for_surgery=facts.asked_for_surgery,
        never_started=facts.neo_d1 is None and facts.never_treated,
        progressed_before_decision=progressed is not None and progressed.on <= facts.cutoff,
        later_pd1=later is not None and later <= facts.cutoff,
        died_without_cancer=None if unknown else survival.event and cause != CANCER,
    )


def _free(
    history: AnalysisHistory,
    rules: EndpointRules,
    definition: Definition,
    *,
    by_suspicion: bool = False,
    second_primary_counts: bool = False,
    censor_after_missed: int | None = None,
) -> TimeToEvent:
    free = disease_free_survival(
        history,
        definition,
        removed_within=rules.removed_within,
        by_suspicion=by_suspicion,
        second_primary_counts=second_primary_counts,
        censor_after_missed=censor_after_missed,
    )
    if free is None:  # only without a cCR, from which PFS-S alone counts
        raise ValueError(definition)
    return free


def _surgery(facts: ParticipantFacts, history: AnalysisHistory, rules: EndpointRules) -> SurgeryOutcome:
    first = next(iter(facts.incisions), None)
    resection, regrown = facts.resection, regrowth_day(history)
    salvage = next((each for each in facts.incisions if each.intent == "salvage"), None)
    return SurgeryOutcome(
        planned=bool(facts.operations),
        begun=first is not None,
        resected=resection is not None,
        intent=first.intent if first else None,
        days_to_surgery=_days(facts.neo_end, first) if first and first.intent != "salvage" else None,
        days_from_regrowth=_days(regrown, salvage) if salvage else None,
        salvage_success=None if salvage is None else _is_r0(resected_of(salvage, rules.r0_rule)),
        missed_residue=_missed_residue(facts, regrown, rules),
    )


def regrowth_day(history: AnalysisHistory) -> date | None:
    """The day of the first proven regrowth after a declared cCR, by the cut."""
    ended = regrowth_incidence(history)
    return ended.on if ended and ended.cause == "regrowth" else None


def _days(since: date | None, operation: OperationFacts) -> int | None:
    return (operation.on - since).days if since and operation.on else None


def _is_r0(resected: Resected) -> bool | None:
    return None if resected is Resected.NOT_KNOWN else resected is Resected.R0


def _missed_residue(facts: ParticipantFacts, regrown: date | None, rules: EndpointRules) -> bool | None:
    """Whether tumour was in the specimen of somebody operated with a cCR; ``None`` for everybody else (6.3)."""
    operation, ccr = facts.resection, facts.ccr
    with_ccr = operation and operation.on and ccr and ccr <= operation.on
    if not with_ccr or (regrown and operation and operation.on and regrown <= operation.on):
        return None
    if operation is None or operation.specimen is None:
        return None
    complete = pcr(operation.specimen.ypt, operation.specimen.ypn, rules.ypis_counts)
    return None if complete is None else not complete


def _specimen(facts: ParticipantFacts, rules: EndpointRules) -> SpecimenOutcome:
    operation = facts.resection
    if operation is None or operation.specimen is None:
        return SpecimenOutcome()
    specimen = operation.specimen
    return SpecimenOutcome(
        pcr=pcr(specimen.ypt, specimen.ypn, rules.ypis_counts),
        mpr=mpr(specimen.residual_percent, at_most=rules.mpr_at_most),
        r0=_is_r0(resected_of(operation, rules.r0_rule)),
        r0_by_margin=is_r0(specimen.r_cap),
        r0_by_one_mm=is_r0(specimen.r_one_mm),
        trg=specimen.trg.get(rules.trg_system),
        node_positive=None if specimen.ypn in (None, "", "NX") else specimen.ypn in POSITIVE_NODES,
        nodes_positive=specimen.positive,
        nodes_examined=specimen.examined,
        node_ratio=node_ratio(specimen.positive, specimen.examined),
        downstaged_t=downstaged_t(facts.clinical_t, specimen.ypt),
        downstaged_n=downstaged_n(facts.clinical_n, specimen.ypn),
    )


def _perioperative(facts: ParticipantFacts, rules: EndpointRules) -> PerioperativeOutcome | None:
    operation = facts.resection or next(iter(facts.incisions), None)
    if operation is None or operation.on is None:
        return None
    died = perioperative_mortality(
        [Admission(operation.on, operation.discharged_on)], death=facts.death, last_alive_on=facts.last_alive
    )
    answers = (died.within_30_days, died.in_hospital)
    return perioperative_outcome(
        operation,
        resected=resected_of(operation, rules.r0_rule),
        died=True if True in answers else None if None in answers else False,
        nodes_min=rules.nodes_min,
        stay_max=rules.textbook_stay,
    )


def names_of_values() -> tuple[str, ...]:
    """The name of every endpoint, in order: the definitions name the same."""
    return tuple(each.name for each in fields(EndpointValues))

"""The columns of the file of endpoints: one row a participant; a definition names the columns of its endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from protocol.endpoint_values import EndpointValues
from protocol.endpoints import TimeToEvent
from protocol.organ_course import CauseOfEnd

Cell = str | int | bool | date | Decimal | None
Cells = Iterator[tuple[str, Cell]]


def cells_of(values: EndpointValues) -> dict[str, str]:
    """Return every column with its value as text: Y and N, ISO dates, an empty text for what is not known."""
    every = (
        *_survival(values),
        *_response(values),
        *_surgery(values),
        *_specimen(values),
        *_perioperative(values),
        *_treatment(values),
        *_quality(values),
        *_strategy(values),
    )
    return {name: as_text(value) for name, value in every}


def as_text(value: Cell) -> str:
    """Return one value as the file holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _time(name: str, time: TimeToEvent | None) -> Cells:
    yield f"{name}_DAYS", time.days if time else None
    yield f"{name}_EVENT", int(time.event) if time else None
    yield f"{name}_REASON", time.because if time else None


def _cause(name: str, ended: CauseOfEnd | None) -> Cells:
    yield f"{name}_DAYS", ended.days if ended else None
    yield f"{name}_CAUSE", ended.cause if ended else None


def _survival(values: EndpointValues) -> Cells:
    yield from _time("OS", values.os)
    yield from _time("OS_LATEST", values.os_latest)
    yield "OS36", values.alive_at_36_months
    yield from _time("DFSA", values.dfs_a)
    yield from _time("DFSB", values.dfs_b)
    yield from _time("PFSS", values.pfs_s)
    yield from _time("DFSA_SUSPICION", values.dfs_a_by_suspicion)
    yield from _time("DFSA_SECOND", values.dfs_a_second_primary)
    yield from _time("DFSA_MISSED", values.dfs_a_missed)


def _response(values: EndpointValues) -> Cells:
    response = values.response
    yield "CCR", response.ccr
    yield "CCR_DT", response.ccr_on
    yield "LATECCR_DT", response.late_ccr_on
    yield "STARTED", response.started
    yield "CRE1_REACHED", response.reached_cre1
    yield "CRE1_NOT_CLEAR", response.cre1_not_clear
    yield "CRE2_NOT_CLEAR", response.cre2_not_clear
    yield "RST_CLEAR", response.restaging_clear
    yield from _time("DURABLE", values.durable)
    yield from _cause("REGROWTH", values.regrowth)
    yield "ORGAN12", values.organ_preserved_12
    yield "ORGAN24", values.organ_preserved_24
    yield "ORGAN36", values.organ_preserved_36
    yield from _time("OFS", values.oesophagectomy_free)
    yield from _cause("OESOPHAGECTOMY", values.oesophagectomy)


def _surgery(values: EndpointValues) -> Cells:
    surgery = values.surgery
    yield "SURG_PLANNED", surgery.planned
    yield "SURG_BEGUN", surgery.begun
    yield "RESECTED", surgery.resected
    yield "SURG_INTENT", surgery.intent
    yield "DAYS_TO_SURGERY", surgery.days_to_surgery
    yield "DAYS_REGROWTH_TO_SURGERY", surgery.days_from_regrowth
    yield "SALVAGE_R0", surgery.salvage_success
    yield "MISSED_RESIDUE", surgery.missed_residue


def _specimen(values: EndpointValues) -> Cells:
    specimen = values.specimen
    yield "PCR", specimen.pcr
    yield "MPR", specimen.mpr
    yield "R0", specimen.r0
    yield "R0_MARGIN", specimen.r0_by_margin
    yield "R0_1MM", specimen.r0_by_one_mm
    yield "TRG", specimen.trg
    yield "NODE_POSITIVE", specimen.node_positive
    yield "LN_POS", specimen.nodes_positive
    yield "LN_EXAM", specimen.nodes_examined
    yield (
        "LN_RATIO",
        specimen.node_ratio.quantize(Decimal("0.0001")) if specimen.node_ratio is not None else None,
    )
    yield "DOWNSTAGED_T", specimen.downstaged_t
    yield "DOWNSTAGED_N", specimen.downstaged_n


def _perioperative(values: EndpointValues) -> Cells:
    told = values.perioperative
    yield "COMP_ANY", told.any_complication if told else None
    yield "CD_WORST", told.worst if told else None
    yield "CD_IIIA", told.severe if told else None
    yield "CD_IIIB", told.very_severe if told else None
    yield "CCI", told.cci if told else None
    yield "LEAK", told.leak if told else None
    yield "PNEUMONIA", told.pneumonia if told else None
    yield "PALSY", told.palsy if told else None
    yield "CHYLE", told.chyle if told else None
    yield "LOS", told.stay_days if told else None
    yield "ICU_DAYS", told.intensive_care_days if told else None
    yield "READMITTED", told.readmitted if told else None
    yield "REOPERATED", told.reoperated if told else None
    yield "TEXTBOOK", told.textbook if told else None
    yield "DEATH_30", values.mortality.within_30_days
    yield "DEATH_90", values.mortality.within_90_days
    yield "DEATH_HOSPITAL", values.mortality.in_hospital


def _treatment(values: EndpointValues) -> Cells:
    given, events = values.treatment, values.events
    yield "CARBO_N", given.carboplatin_doses
    yield "NABP_N", given.paclitaxel_doses
    yield "CAMRE_N", given.camrelizumab_doses
    yield "FRACTIONS", given.fractions
    yield "GRAY", given.gray
    yield "CARBO_RDI", given.carboplatin_intensity
    yield "NABP_RDI", given.paclitaxel_intensity
    yield "CHEMO_WHOLE", given.chemo_whole
    yield "RT_WHOLE", given.radiotherapy_whole
    yield "COMPLETED", given.completed
    yield "AE_WORST", events.worst_grade
    yield "AE_G3", events.severe
    yield "AE_SERIOUS", events.serious
    yield "AE_RELATED", " ".join(events.related_to)
    yield "AE_IMMUNE", events.immune
    yield "AE_STOPPED", events.stopped_treatment
    yield "AE_DIED", events.died_of_treatment
    yield "CRE_COMPLICATIONS", events.evaluation_complications


def _quality(values: EndpointValues) -> Cells:
    for each in values.deterioration:
        yield (
            f"{each.scale}_BASE",
            each.baseline.quantize(Decimal("0.01")) if each.baseline is not None else None,
        )
        yield f"{each.scale}_TTD_DAYS", each.time.days if each.time else None
        yield f"{each.scale}_TTD_EVENT", int(each.time.event) if each.time else None


def _strategy(values: EndpointValues) -> Cells:
    kept, burden, between = values.adherence, values.burden, values.intercurrent
    yield "CRE_DUE", kept.due
    yield "CRE_DONE", kept.done
    yield "CRE_IN_WINDOW", kept.in_window
    yield "CRE_EVALUATED", kept.evaluated
    yield "CRE_WHOLE", kept.whole
    yield "ENDOSCOPIES", burden.endoscopies
    yield "PET_CTS", burden.pet_cts
    yield "DILATATIONS", burden.dilatations
    yield "HOSPITAL_DAYS", burden.hospital_days
    yield "YEARS", burden.years
    yield "ICE_DECLINED_SURGERY", between.declined_surgery
    yield "ICE_ASKED_FOR_SURGERY", between.asked_for_surgery
    yield "ICE_NEVER_STARTED", between.never_started
    yield "ICE_PROGRESSED", between.progressed_before_decision
    yield "ICE_LATER_PD1", between.later_pd1
    yield "ICE_DIED_WITHOUT_CANCER", between.died_without_cancer

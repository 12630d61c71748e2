"""What a response evaluation derives, and what has to hold before a cCR is declared (protocol 3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from crf.catalogue.adverse_event.rules import began_near
from crf.catalogue.response.bites import negative_has_lymphoid_tissue
from crf.engine.answers import AnswerRow
from protocol.response import (
    DECLARED_OUTCOMES,
    POSITIVE_OUTCOMES,
    Biopsy,
    Cytology,
    Distant,
    EarlierEvaluation,
    EvaluationType,
    Lesion,
    Local,
    Look,
    Lumen,
    Outcome,
    Proposal,
    Signs,
    Uptake,
    propose_outcome,
)
from protocol.response_reasons import Because

KINDS = {"CRE-1": EvaluationType.CRE1, "CRE-2": EvaluationType.CRE2, "RST": EvaluationType.RESTAGING}
FULL_BATTERY = (EvaluationType.CRE2, EvaluationType.SURVEILLANCE)
PROVEN = (Local.PROVEN_PRIMARY, Local.PROVEN_NODE)
FINDINGS = (
    *("cre_type", "cre_dt", "local_call", "dist_call", "ogd_done", "passable", "bx_result", "bx_adequate"),
    *("pet_done", "eus_done", "eus_nodes", "CRE*"),
    *("look", "pet_prim", "pet_dm", "pet_nodes", "eus_any", "wall_mm", "eus_mm"),
    "setting.superficial_biopsies_are_evaluable",
    "setting.ct_wall_limit_mm",
    "setting.eus_thickness_limit_mm",
    "setting.suspected_without_proof_is_noncCR",
    "setting.surveillance_suspicion_is_regrowth",
    "setting.clear_evaluations_apart_weeks",
    "setting.lumen_must_be_passable",
)
BARS_CCR = {
    *(Because.LUMEN_NOT_PASSABLE, Because.BIOPSY_NOT_DONE, Because.PET_MISSING, Because.FNA_MISSING),
    *(Because.UNANSWERED_LUMEN, Because.UNANSWERED_BIOPSY, Because.UNANSWERED_PET),
}


NEEDS_A_REASON = {Because.BIOPSY_INSUFFICIENT, Because.BIOPSY_SUPERFICIAL, Because.FNA_INADEQUATE}
"""What was done and tells nothing: only the MDT's reason declares a cCR over it (X032)."""


def kind_of(visit_code: str | None) -> str:
    """Return which evaluation belongs to the visit (protocol 3.7, cre_type)."""
    if visit_code and visit_code.startswith("AS-"):
        return EvaluationType.SURVEILLANCE
    return KINDS.get(visit_code or "", EvaluationType.UNSCHEDULED)


def running_number(visit_code: str, cre_all: list[AnswerRow]) -> int | None:
    """CRE-1 is 1, CRE-2 is 2, the first surveillance evaluation 3, and so on (protocol 3.7, cre_no)."""
    kind = kind_of(visit_code)
    if kind == EvaluationType.SURVEILLANCE:
        codes = {row["visit_code"] for row in cre_all if kind_of(row.get("visit_code")) == kind}
        return 3 + sum(code < visit_code for code in codes)
    return {EvaluationType.CRE1.value: 1, EvaluationType.CRE2.value: 2}.get(kind)


def evaluated_on(
    ogd_done: str | None, ogd_dt: date | None, pet_dt: date | None, eus_dt: date | None, ct_dt: date | None
) -> date | None:
    """Return the day of the endoscopy (protocol 2.1); without one, that of the last examination."""
    if ogd_done != "N":
        return ogd_dt
    return max((day for day in (pet_dt, eus_dt, ct_dt) if day), default=None)


def weeks_since(cre_dt: date, milestone_neo_end: date) -> Decimal:
    return Decimal((cre_dt - milestone_neo_end).days) / 7


def proposal(known: AnswerRow) -> Proposal:
    """Return what the rule engine proposes from answers known by their keywords."""
    nodes = _suspect_nodes(known)
    return propose_outcome(
        evaluation=known["cre_type"] or EvaluationType.UNSCHEDULED,
        on=known["cre_dt"],
        local_call=known["local_call"],
        dist_call=known["dist_call"],
        passable=_lumen(known),
        bx_result=Biopsy.NOT_DONE if known["ogd_done"] == "N" else known["bx_result"],
        bx_adequate=known["bx_adequate"],
        pet_done=known["pet_done"],
        eus_done=known["eus_done"],
        fna_missing=any(not_aspirated(row) for row in nodes),
        signs=signs_of(known),
        earlier=earlier_of(known["cre_all"]),
        suspected_is_non_ccr=known["setting_suspected_without_proof_is_nonccr"],
        suspected_is_regrowth=known["setting_surveillance_suspicion_is_regrowth"],
        superficial_is_evaluable=known["setting_superficial_biopsies_are_evaluable"],
        weeks_between_clear=known["setting_clear_evaluations_apart_weeks"],
    )


def _suspect_nodes(known: AnswerRow) -> list[AnswerRow]:
    return [row for row in known["eus_nodes"] or () if is_filled(row)]


def signs_of(known: AnswerRow) -> Signs:
    """Return what speaks for tumour beside biopsy and status, from answers known by their keywords."""
    nodes = _suspect_nodes(known)
    return Signs(
        look=Look(known["look"]) if known["look"] else None,
        uptake=Uptake(known["pet_prim"]) if known["pet_prim"] else None,
        lesion=Lesion(known["pet_dm"]) if known["pet_dm"] else None,
        cytology=frozenset(cytology_of(row) for row in nodes if row["fna_res"]),
        node_left=_node_left(known, nodes),
        is_thick=_above(known["wall_mm"], known["setting_ct_wall_limit_mm"])
        or _above(known["eus_mm"], known["setting_eus_thickness_limit_mm"]),
    )


def cytology_of(row: AnswerRow) -> Cytology:
    """Return what the aspiration of a node tells; negative without lymphoid tissue, it is inadequate (decision B2)."""
    if not negative_has_lymphoid_tissue(row["fna_res"], row["fna_lymph"]):
        return Cytology.INADEQUATE
    return Cytology(row["fna_res"])


def _node_left(known: AnswerRow, nodes: list[AnswerRow]) -> bool:
    """Say whether a node that PET-CT or EUS suspects has no cytology."""
    aspirated = {row["station"] for row in nodes if row["fna_res"]}
    avid = {row["station"] for row in known["pet_nodes"] or () if row["station"]}
    unlisted = known["eus_any"] == "Y" and not nodes
    return unlisted or bool(avid - aspirated) or any(not row["fna_res"] for row in nodes)


def _above(value: Decimal | None, limit: int | None) -> bool:
    """Say whether a thickness is above its limit; no limit bars nothing."""
    return value is not None and limit is not None and value > limit


def _lumen(known: AnswerRow) -> str | None:
    """A stenosis stands in the way of a cCR unless the protocol text says that it does not."""
    passes_anyway = known["setting_lumen_must_be_passable"] is False
    passable: str | None = known["passable"]
    return Lumen.THIN_SCOPE if passes_anyway and passable == Lumen.NOT_PASSABLE else passable


def is_filled(row: AnswerRow) -> bool:
    """Say whether a row names a node; a row that was emptied does not."""
    return any(row.get(name) is not None for name in ("station", "short_mm", "fna_done"))


def not_aspirated(row: AnswerRow) -> bool:
    """Say whether a suspect node has neither cytology nor a reason for its absence (X033)."""
    return row["fna_done"] != "Y" and not row["fna_why"] and "fna_why" not in row["missing"]


def earlier_of(cre_all: Sequence[AnswerRow] | None) -> tuple[EarlierEvaluation, ...]:
    """Return the other evaluations that have a day and an outcome confirmed by a person."""
    return tuple(
        EarlierEvaluation(
            row.get("cre_type") or EvaluationType.UNSCHEDULED, row["cre_dt"], row["cre_outcome"]
        )
        for row in cre_all or ()
        if row.get("cre_dt") and row.get("cre_outcome")
    )


def proposed_outcome(**known: Any) -> str | None:
    return proposal(known).code


def reasons(**known: Any) -> list[str]:
    return [reason.value for reason in proposal(known).reasons]


def two_clear_looks(**known: Any) -> bool:
    """Say whether a declared cCR rests on two clear evaluations, or on the MDT's reason (X032)."""
    if known["override_why"] and known["mdt_dt"]:
        return True
    proposed = proposal(known).code
    because = set(proposal(known).reasons)
    if proposed not in (None, Outcome.NOT_EVALUABLE) or because & NEEDS_A_REASON:
        return proposed in DECLARED_OUTCOMES
    clear = {"bx_result": Biopsy.CLEAR, "bx_adequate": "yes", "pet_done": "Y", "eus_done": "Y"}
    return proposal(_without_residue(known) | clear | {"passable": "yes"}).code in DECLARED_OUTCOMES


def nothing_bars_ccr(**known: Any) -> bool:
    """Say whether lumen, biopsy, PET-CT and cytology allow a cCR at all (X033)."""
    return not BARS_CCR & set(proposal(_without_residue(known)).reasons)


def _without_residue(known: AnswerRow) -> AnswerRow:
    """Return the same evaluation as if nothing had been found; what was not done stays not done."""
    biopsied = known["bx_result"] not in (None, Biopsy.NOT_DONE)
    return known | {
        "local_call": Local.NO_EVIDENCE,
        "dist_call": Distant.NONE,
        "bx_result": Biopsy.CLEAR if biopsied else known["bx_result"],
        "eus_nodes": [
            row | {"fna_res": Cytology.NEGATIVE if row["fna_res"] else None, "fna_lymph": None}
            for row in known["eus_nodes"] or ()
        ],
        **dict.fromkeys(("look", "pet_prim", "pet_dm", "pet_nodes", "wall_mm", "eus_mm")),
    }


def no_proof_at_cre1(cre_all: list[AnswerRow]) -> bool:
    """Say whether no CRE-1 proved disease (X031)."""
    first = [row for row in cre_all if row.get("cre_type") == EvaluationType.CRE1]
    return not any(
        row.get("local_call") in PROVEN
        or row.get("bx_result") == Biopsy.CARCINOMA
        or row.get("dist_call") == Distant.PROVEN
        for row in first
    )


def refusal_recorded(pt_dec: str | None, cre_all: list[AnswerRow] | None) -> bool:
    """Say whether the participant declined surgery, here or at an evaluation before (X036)."""
    return "declines_surgery" in (pt_dec, *(row.get("pt_dec") for row in cre_all or ()))


def entered_with_reason(
    milestone_ccr: date | None, pt_dec: str | None, cre_outcome: str | None, cre_all: list[AnswerRow] | None
) -> bool:
    """Say whether surveillance rests on a cCR or on a recorded refusal (X036)."""
    declared = milestone_ccr or cre_outcome in DECLARED_OUTCOMES
    return bool(declared) or refusal_recorded(pt_dec, cre_all)


def ccr_before(cre_dt: date | None, milestone_ccr: date | None, cre_all: list[AnswerRow] | None) -> bool:
    """Say whether a cCR was declared before this evaluation (X038)."""
    if milestone_ccr and (cre_dt is None or milestone_ccr <= cre_dt):
        return True
    earlier = (each for each in earlier_of(cre_all) if cre_dt is None or each.on <= cre_dt)
    return any(each.outcome in DECLARED_OUTCOMES for each in earlier)


def complication_is_recorded(
    cre_dt: date,
    ae_all: list[AnswerRow],
    setting_cre_complication_before_days: int,
    setting_cre_complication_after_days: int,
) -> bool:
    """Say whether an adverse event around the evaluation is called a complication of its procedures."""
    before, after = setting_cre_complication_before_days, setting_cre_complication_after_days
    return any(
        row.get("cre_rel") == "Y" and began_near(row, cre_dt, before=before, after=after) for row in ae_all
    )


def bed_agrees(look: str, local_call: str) -> bool:
    """Say whether a mass or nodule at the tumour bed is not called no evidence (3.7, local_call)."""
    return look not in (Look.MASS, Look.NODULE) or local_call != Local.NO_EVIDENCE


def uptake_agrees(pet_prim: str, local_call: str) -> bool:
    return pet_prim != Uptake.FOCAL or local_call != Local.NO_EVIDENCE


def nodes_agree(local_call: str | None, **known: Any) -> bool:
    """Say whether a suspect node that no cytology cleared is not called no evidence."""
    nodes = _suspect_nodes(known)
    doubtful = {Cytology.ATYPIA, Cytology.INADEQUATE} & {cytology_of(row) for row in nodes if row["fna_res"]}
    return local_call != Local.NO_EVIDENCE or not (doubtful or _node_left(known, nodes))


def is_late(cre_type: str | None, cre_outcome: str | None, cre_all: list[AnswerRow] | None) -> bool | None:
    """Say whether a cCR is reached first in surveillance: at a surveillance visit, or after one or after residue."""
    if cre_outcome != Outcome.CCR:
        return None
    earlier = cre_all or ()
    surveilled = any(row.get("cre_type") == EvaluationType.SURVEILLANCE for row in earlier)
    residue = any(row.get("cre_outcome") in POSITIVE_OUTCOMES for row in earlier)
    if cre_type == EvaluationType.SURVEILLANCE:
        return True
    return cre_type == EvaluationType.UNSCHEDULED and (surveilled or residue)


def proven_on(cre_outcome: str | None, proof_dt: date | None, cre_dt: date | None) -> date | None:
    """Return the day on which regrowth or metastasis is proven: the day said, else that of the evaluation."""
    is_proven = cre_outcome in (Outcome.REGROWTH, Outcome.DISTANT)
    return (proof_dt or cre_dt) if is_proven else None


def distant_agrees(pet_dm: str, dist_call: str) -> bool:
    if pet_dm == "proven":
        return dist_call == Distant.PROVEN
    return pet_dm != "suspect" or dist_call != Distant.NONE

"""What follows from a pathology report: answers handed to the pure rules of the protocol (3.9, 3.17)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from crf.catalogue.surgery.outcomes import WITH_SPECIMEN, first_without_record, names_it_alone, operation_of
from crf.engine.answers import AnswerRow
from protocol import pathology
from protocol.response import Biopsy
from protocol.staging import pathological_stage


def unreported(
    op_no: int | None, surg_all: list[AnswerRow] | None, path_all: list[AnswerRow] | None
) -> int | None:
    """Return the first operation with a specimen and no report, while this report names none."""
    if op_no is not None:
        return None
    return first_without_record(surg_all, path_all, done=WITH_SPECIMEN)


def has_specimen(op_no: int | None, surg_all: list[AnswerRow] | None) -> bool:
    """Say whether the operation that is named is a resection, or any is while none is named (X043)."""
    named = [row for row in surg_all or () if op_no in (None, row["sequence"])]
    return any(row.get("surg_done") in WITH_SPECIMEN for row in named)


def one_report(op_no: int, path_all: list[AnswerRow]) -> bool:
    """Say whether no other report is of the same operation; ``path_all`` are the other reports (decision D1)."""
    return names_it_alone(op_no, path_all)


def residue(resid_pct: int | None, resid_lt1: str | None) -> int | str | None:
    """Return the residue as protocol 3.9 writes it: a percentage, or "<1"."""
    return "<1" if resid_lt1 == "Y" else resid_pct


def becker_grade(resid_pct: int | None, resid_lt1: str | None) -> str | None:
    return pathology.becker(residue(resid_pct, resid_lt1))


def four_step_grade(resid_pct: int | None, resid_lt1: str | None) -> str | None:
    grade = pathology.four_step(residue(resid_pct, resid_lt1))
    return None if grade is None else str(grade)


def yp_group(ypt: str | None, ypn: str | None, ypm: str | None) -> str | None:
    return pathological_stage(ypt, ypn, ypm, prefix="yp")


def complete_response(
    ypt: str | None, ypn: str | None, setting_pcr_includes_yptis: bool | None
) -> bool | None:
    return pathology.pcr(ypt, ypn, ypis_counts=bool(setting_pcr_includes_yptis))


def major_response(
    resid_pct: int | None, resid_lt1: str | None, setting_mpr_max_residual_percent: int
) -> bool | None:
    return pathology.mpr(residue(resid_pct, resid_lt1), at_most=setting_mpr_max_residual_percent)


def cap_rule(
    op_no: int | None,
    inv_prox: str | None,
    inv_dist: str | None,
    inv_crm: str | None,
    surg_all: list[AnswerRow] | None,
) -> str | None:
    left = operation_of(op_no, surg_all).get("resid_macro")
    margin = pathology.r_status(inv_prox=inv_prox, inv_dist=inv_dist, inv_crm=inv_crm, resid_macro=left)
    return margin and margin.value


def one_millimetre_rule(
    op_no: int | None,
    m_crm: Decimal | None,
    inv_prox: str | None,
    inv_dist: str | None,
    inv_crm: str | None,
    surg_all: list[AnswerRow] | None,
) -> str | None:
    left = operation_of(op_no, surg_all).get("resid_macro")
    margin = pathology.r_rcp(
        crm_mm=m_crm, inv_prox=inv_prox, inv_dist=inv_dist, inv_crm=inv_crm, resid_macro=left
    )
    return margin and margin.value


def soon_after_surgery(path_dt: date, op_dt: date, setting_pathology_report_days: int) -> bool:
    return (path_dt - op_dt).days <= setting_pathology_report_days


def margins_agree(**given: Any) -> bool:
    pairs = (("inv_prox", "m_prox"), ("inv_dist", "m_dist"), ("inv_crm", "m_crm"))
    return all(pathology.margin_agrees(given[involved], given[distance]) for involved, distance in pairs)


def r_follows_margins(r_status: str, inv_prox: str | None, inv_dist: str | None, inv_crm: str | None) -> bool:
    """Say whether R0 has no margin involved and R1 has one, as far as the margins are known (X047)."""
    margins = (inv_prox, inv_dist, inv_crm)
    if r_status == "R0":
        return "Y" not in margins
    return r_status == "R2" or "Y" in margins or None in margins


def r2_agrees(r_status: str, op_no: int, surg_all: list[AnswerRow]) -> bool:
    left = operation_of(op_no, surg_all).get("resid_macro")
    return left is None or (r_status == "R2") == (left != pathology.NO_RESIDUE)


def inputs_of_pcr_agree(
    ypt: str | None,
    resid_pct: int | None,
    resid_lt1: str | None,
    trg_cap: str | None,
    trg_mandard: str | None,
) -> bool:
    return pathology.complete_response_agrees(
        resid_pct=residue(resid_pct, resid_lt1), ypt=ypt, trg_cap=trg_cap, trg_mandard=trg_mandard
    )


def regression_fits_residue(
    resid_pct: int | None,
    resid_lt1: str | None,
    trg_cap: str | None,
    trg_mandard: str | None,
    setting_regression_small_residue_percent: int,
    setting_regression_large_residue_percent: int,
) -> bool:
    return pathology.regression_agrees(
        resid_pct=residue(resid_pct, resid_lt1),
        trg_cap=trg_cap,
        trg_mandard=trg_mandard,
        small_to=setting_regression_small_residue_percent,
        large_from=setting_regression_large_residue_percent,
    )


def no_tumour_fits(
    hist: str, resid_pct: int | None, resid_lt1: str | None, ypt: str | None, ypn: str | None
) -> bool:
    return pathology.no_tumour_agrees(
        no_tumour=hist == "none", resid_pct=residue(resid_pct, resid_lt1), ypt=ypt, ypn=ypn
    )


def stations_add_up(ln_table: list[dict[str, Any]], ln_exam: int | None, ln_pos: int | None) -> bool:
    examined = pathology.station_sums_agree(ln_exam, [row["examined"] for row in ln_table])
    return examined and pathology.station_sums_agree(ln_pos, [row["positive"] for row in ln_table])


def last_biopsy_agrees(ypt: str, ypn: str, cre_all: list[AnswerRow], op_dt: date) -> bool:
    """Compare the specimen with the last biopsy before the operation; a difference is listed, not queried."""
    before = [row for row in cre_all if row.get("cre_dt") is None or row["cre_dt"] <= op_dt]
    results = [row["bx_result"] for row in before if row.get("bx_result") not in (None, Biopsy.NOT_DONE)]
    last = results[-1] if results else None
    missed = last in (Biopsy.CLEAR, Biopsy.LOW_GRADE) and ypt in ("T3", "T4a", "T4b")
    return not missed and not (last == Biopsy.CARCINOMA and ypt == "T0" and ypn == "N0")

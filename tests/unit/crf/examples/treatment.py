"""Neoadjuvant treatment as planned in Arm 1: five weeks from Monday 11 May 2026, nothing missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.unit.crf.judging import example_of

MONDAY = date(2026, 5, 11)


def chemotherapy(dose_no: int, **changes: Any) -> dict[str, Any]:
    """One dose on its planned day: 62 kg and 170 cm are 1.71 m2, GFR 80 makes 210 mg."""
    row = {
        "dose_no": dose_no,
        "given": "full",
        "adm_dt": MONDAY + timedelta(days=7 * (dose_no - 1)),
        "nabp_given": "full",
        "nabp_dt": MONDAY + timedelta(days=7 * (dose_no - 1)),
        "weight_d": 62,
        "gfr_d": 80,
        "anc_d": 3,
        "plt_d": 180,
        "carbo_auc": 2,
        "carbo_mg": 210,
        "nabp_mgm2": 50,
        "nabp_mg": 85,
        "form_tax": "albumin",
        "infusion_reac": "N",
    }
    return row | changes


def camrelizumab(ci_no: int, **changes: Any) -> dict[str, Any]:
    row = {
        "ci_no": ci_no,
        "ci_given": "full",
        "ci_dt": datetime(2026, 5, 11, 2, 30, tzinfo=UTC) + timedelta(days=21 * (ci_no - 1)),
        "ci_mg": 200,
        "ci_min": 30,
        "ci_lot": "A1",
        **dict.fromkeys(("ci_pre_alt", "ci_pre_creat", "ci_pre_tsh"), "Y"),
        **dict.fromkeys(("ci_pre_gluc", "ci_pre_trop", "ci_pre_spo2"), "Y"),
        "ci_reac": "N",
        "ci_stop": "N",
    }
    return row | changes


def omitted(dose_no: int, **counts: Any) -> dict[str, Any]:
    """A day on which neither drug was given."""
    return {
        "dose_no": dose_no,
        "given": "omitted",
        "mod_reason": "haematological_ae",
        "nabp_given": "omitted",
        "nabp_reason": "haematological_ae",
        **counts,
    }


def fractions(*days: date) -> list[dict[str, Any]]:
    return [{"fx_dt": day, "fx_gy": 1.8} for day in days]


VALUES = {
    "rt_given": "Y",
    "rt_start": MONDAY,
    "rt_end": date(2026, 6, 10),
    "tech": "vmat",
    "imgd": "Y",
    "fourd": "Y",
    "presc_gy": 41.4,
    "presc_fx": 23,
    "dpf": 1.8,
    "deliv_fx": 23,
    "gap_days": 0,
    "ptv": 420,
    "lung_v20": 22,
    "plan_qa": "per_protocol",
    "completed": "Y",
    "resp_end": "PR",
}
GROUPS: dict[str, list[dict[str, Any]]] = {
    "chemo": [chemotherapy(number) for number in range(1, 6)],
    "camre": [camrelizumab(1), camrelizumab(2)],
    "rt_fx": [],
}
CONTEXT = {
    "AE*": [],
    "PROG*": [],
    "today": date(2026, 7, 1),
    "site.zone": "Asia/Shanghai",
    "participant.arm": "1",
    "participant.protocol_version": "1.0",
    "milestone.RAND": date(2026, 5, 8),
    "DM.height": 170,
    "DM.weight": 62.5,
    "ELIG.birth": "1961-03",
    "ELIG.sex": "M",
    "setting.bsa_formula": "Mosteller",
    "setting.gfr_cap": 125,
    "setting.neo_end_rule": "last_rt_fraction",
    "setting.start_within_days": 14,
    "setting.neoadjuvant_anc_min": 1.0,
    "setting.neoadjuvant_platelets_min": 75,
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, GROUPS, CONTEXT, changes)


def example_arm_2(**changes: Any) -> dict[str, Any]:
    return example(**({"participant__arm": "2", "camre": []} | changes))


def with_dose(dose_no: int, **changes: Any) -> dict[str, Any]:
    """The example with one chemotherapy dose changed."""
    rows = [chemotherapy(number, **(changes if number == dose_no else {})) for number in range(1, 6)]
    return example(chemo=rows)


def with_infusion(ci_no: int, **changes: Any) -> dict[str, Any]:
    """The example with one camrelizumab dose changed."""
    rows = [camrelizumab(number, **(changes if number == ci_no else {})) for number in (1, 2)]
    return example(camre=rows)

"""A cT3 cN1 cM0 tumour of the middle thorax, worked up by every method."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {
    "ogd_dt": date(2026, 4, 29),
    "upper_cm": 27,
    "lower_cm": 32,
    "len_cm": 5,
    "circ": "half_to_three_quarters",
    "passable": "yes",
    "macro": "ulcerative",
    "multi": "N",
    "lugol": "Y",
    "bx_n": 6,
    "grade": "G2",
    "pdl1_done": "N",
    "eus_done": "Y",
    "eus_dt": date(2026, 4, 30),
    "eus_trav": "yes",
    "eus_mm": 11,
    "ut": "T3",
    "eus_n": 1,
    "ct_dt": date(2026, 4, 29),
    "ct_contrast": "Y",
    "aorta_ang": "under_45",
    "airway": "clear",
    "t4a_str": ["none"],
    "t4b_str": ["none"],
    "incid": "N",
    "pet_done": "Y",
    "pet_dt": date(2026, 5, 2),
    "suvmax": 14,
    "suvmean": 7,
    "mtv": 21,
    "mtv_thr": "41 %",
    "pet_m": "none",
    "pet_sync": "none",
    "bron_ind": "N",
    "sbp": 128,
    "dbp": 76,
    "site_sub": "middle",
    "ct": "T3",
    "cn": "N1",
    "cn_n": 1,
    "cm": "M0",
    "scv": "none",
    "stage_method": ["eus", "ct", "pet_ct"],
}
GROUPS: dict[str, list[dict[str, Any]]] = {
    "eus_node": [{"station": "7", "short_mm": 9, "fna_done": "Y", "fna_res": "positive"}],
    "ct_node": [{"station": "7", "short_mm": 10}],
    "ct_m": [],
    "recist": [],
    "pet_node": [{"station": "7", "node_suvmax": 5}],
    "node": [{"station": "7", "side": "M", "short_mm": 10, "positive": "Y"}],
}
CONTEXT = {
    "today": date(2026, 6, 1),
    "site.zone": "Asia/Shanghai",
    "milestone.ICF": date(2026, 4, 28),
    "milestone.RAND": date(2026, 5, 8),
    "setting.screening_window_days": 28,
    "setting.central_review": False,
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, GROUPS, CONTEXT, changes)

"""A former smoker with hypertension, one drug, no earlier cancer."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

HISTORY = (
    *("mh_htn", "mh_dm", "mh_cad", "mh_arrhyth", "mh_stroke", "mh_copd", "mh_ild", "mh_tb", "mh_hbv"),
    *("mh_hcv", "mh_hiv", "mh_autoimmune", "mh_thyroid", "mh_renal", "mh_prior_ca", "mh_prior_surg"),
    "mh_transplant",
)
VALUES = {
    **dict.fromkeys(HISTORY, "N"),
    "mh_htn": "Y",
    "ethnic_cn": "han",
    "height": 170,
    "weight": 62.5,
    "weight_6m": 66,
    "dysph": "2",
    "feed": "oral",
    "ecog": "1",
    "kps": 90,
    "asa": "II",
    "cci_items": ["none"],
    "smoke": "former",
    "pack_y": 30,
    "quit_y": 2019,
    "alc": "never",
    "mh_any": "N",
    "cm_any": "N",
}
DRUG = {
    "cm_trt": "amlodipine",
    "cm_start": "2019-05",
    "cm_end": None,
    "cm_ongo": "Y",
    "cm_indc": "mh",
    "cm_steroid": "N",
    "cm_pred": None,
    "cm_immuno": "N",
}
GROUPS: dict[str, list[dict[str, Any]]] = {"prior_ca": []}
# Somebody with an earlier cancer: a record with a row.
AFTER_CANCER = VALUES | {"mh_prior_ca": "Y"}
CANCERS: dict[str, list[dict[str, Any]]] = {
    "prior_ca": [{"ca_site": "thyroid", "ca_year": 2011, "ca_tx": ["surgery"]}]
}
CONTEXT = {
    "MH*": [],
    "CM*": [],
    "today": date(2026, 6, 1),
    "site.zone": "Asia/Shanghai",
    "ELIG.birth": "1964-03-09",
    "ELIG.age": 62,
    "ELIG.ecog": "1",
    "milestone.RAND": date(2026, 5, 8),
    "setting.bsa_formula": "Mosteller",
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, GROUPS, CONTEXT, changes)

"""An operated participant at month 12: without disease, and with a distant recurrence."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

VALUES = {
    "fu_dt": date(2027, 6, 14),
    "contact": "clinic",
    "alive": "Y",
    "exam": "normal",
    "wt": 61,
    "ecog": "1",
    "dysph": "0",
    "feed": "oral",
    "stricture": "N",
    "reflux": "1",
    "dumping": "0",
    "aspiration": "0",
    "work": "partly",
    "img_any": "Y",
    "dz_status": "none",
    "rec_yn": "N",
    "adj_given": "none",
    "adj_why": "declined",
    "post_tx_any": "N",
}
GROUPS: dict[str, list[dict[str, Any]]] = {
    "img": [{"modality": "ct", "img_dt": date(2027, 6, 10), "img_result": "clear"}],
    "rec_node": [],
    "rec_site": [],
    "dilats": [],
}
CONTEXT = {
    "today": date(2027, 7, 1),
    "site.zone": "Asia/Shanghai",
    "visit.code": "FU-12",
    "visit.opens": date(2027, 5, 29),
    "visit.closes": date(2027, 6, 26),
    "milestone.RAND": date(2026, 5, 8),
    "milestone.CCR": None,
    "milestone.LATECCR": None,
    "CRE*": [],
    "FU*": [],
    "milestone.SURG": date(2026, 7, 27),
    "PATH.ypt": "T1b",
    "PATH.ypn": "N0",
    "SURV*": [],
    "ST*": [],
}
RECURRENCE = {
    "dz_status": "proven",
    "rec_yn": "Y",
    "rec_type": ["distant"],
    "rec_dt_first_suspect": date(2027, 6, 10),
    "rec_dt_proof": date(2027, 6, 14),
    "rec_method": "histology",
    "n_lesions": 3,
    "resectable": "N",
    "rec_site": [{"organ": "lung"}],
}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, GROUPS, CONTEXT, changes)


def recurred(**changes: Any) -> dict[str, Any]:
    """A distant recurrence, proven at this visit."""
    return example(**RECURRENCE | changes)


def regrown(**changes: Any) -> dict[str, Any]:
    """Regrowth in surveillance after a cCR; nobody operated."""
    organ = {
        "rec_type": ["local"],
        "rec_site": [],
        "visit__code": "AS-12",
        "milestone__CCR": date(2026, 8, 25),
        "milestone__SURG": None,
        "adj_given": None,
        "adj_why": None,
    }
    return recurred(**organ | changes)

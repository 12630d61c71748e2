"""A planned McKeown resection in Arm 2, six weeks after treatment; and Arm 1 after residue, regrowth, on wish."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.crf.judging import example_of

OPERATED_ON = date(2026, 7, 27)
VALUES = {
    "surg_done": "resection",
    "surg_dt": OPERATED_ON,
    "intent": "planned",
    "surg_vol": "S07",
    "surg_centre": "own",
    "asa": "II",
    "ecog_pre": "1",
    "wt_pre": 60,
    "alb_pre": 39.5,
    "approach": "mckeown",
    "access_th": "scopic",
    "access_ab": "scopic",
    "conversion": "N",
    "lnd": "extended_two_field",
    "stations": ["2R", "2L", "7", "8M", "8Lo", "16", "17"],
    "conduit": "gastric_tube",
    "route": "posterior",
    "anast_site": "neck",
    "anast_tech": "circular",
    "duct": "N",
    "jejun": "Y",
    "pylor": "N",
    "omentum": "Y",
    "op_min": 280,
    "anaes_min": 340,
    "ebl": 150,
    "transf": 0,
    "io_compl": ["none"],
    "adhesion": "mild",
    "resid_macro": "none",
    "adj_organ": ["none"],
    "extub": "Y",
    "vent_h": 0,
    "icu_d": 1,
    "disch_dt": date(2026, 8, 8),
    "disch_to": "home",
    "readm": "N",
}
RESTAGED = {
    "cre_type": "RST",
    "cre_dt": date(2026, 7, 13),
    "cre_outcome": "RST_CLEAR",
    "local_call": "0",
    "bx_result": "none",
    "pt_dec": "accepts",
}
CONTEXT = {
    "AE*": [],
    "SURG*": [],
    "PATH*": [{"op_no": 1, "sequence": 1}],
    "record.sequence": 1,
    "today": date(2026, 10, 1),
    "site.zone": "Asia/Shanghai",
    "participant.arm": "2",
    "milestone.NEO_D1": date(2026, 5, 11),
    "milestone.NEO_END": date(2026, 6, 15),
    "milestone.CCR": None,
    "milestone.LATECCR": None,
    "milestone.REGROWTH": None,
    "CRE*": [RESTAGED],
    "SURV.death_dt": None,
    "setting.surgery_arm2_deviation_days": 84,
}
RESIDUE = RESTAGED | {"cre_type": "CRE1", "cre_outcome": "NON_CCR", "local_call": "1", "bx_result": "scc"}


def example(**changes: Any) -> dict[str, Any]:
    return example_of(VALUES, {"readms": []}, CONTEXT, changes)


def after_residue(**changes: Any) -> dict[str, Any]:
    """Arm 1, residue at CRE-1."""
    return example(**{"participant__arm": "1", "intent": "non_ccr", "CRE*": [RESIDUE]} | changes)


def salvage(**changes: Any) -> dict[str, Any]:
    """Arm 1, regrowth after a cCR."""
    regrown = {
        "participant__arm": "1",
        "intent": "salvage",
        "milestone__CCR": date(2026, 7, 1),
        "milestone__REGROWTH": date(2026, 7, 13),
        "CRE*": [],
    }
    return example(**regrown | changes)


def on_wish(**changes: Any) -> dict[str, Any]:
    """Arm 1, a cCR, and the participant asks for surgery."""
    wished = {
        "participant__arm": "1",
        "intent": "wish",
        "milestone__CCR": date(2026, 7, 13),
        "CRE*": [RESTAGED | {"cre_type": "CRE2", "cre_outcome": "CCR", "pt_dec": "asks_surgery"}],
    }
    return example(**wished | changes)


def only(*names: str, **changes: Any) -> dict[str, Any]:
    """The example without its answers, but for ``names`` and ``changes``."""
    return example(**{name: None for name in VALUES if name not in names} | changes)


def not_operated(**changes: Any) -> dict[str, Any]:
    given_up = {"surg_done": "none", "no_surg_reason": "unfit", "no_surg_dt": date(2026, 7, 20)}
    return only(**given_up | changes)


def explored(**changes: Any) -> dict[str, Any]:
    """Opened and closed: no resection, no reconstruction."""
    names = (
        *("surg_dt", "intent", "surg_centre", "asa", "ecog_pre", "wt_pre", "alb_pre", "access_th"),
        *("access_ab", "conversion", "jejun", "op_min", "ebl", "transf", "io_compl", "adhesion"),
        *("extub", "vent_h", "icu_d", "disch_dt", "disch_to", "readm"),
    )
    found = {"surg_done": "explored", "no_surg_reason": "unresectable", "resid_macro": "r2_local"}
    return only(*names, **found | changes)

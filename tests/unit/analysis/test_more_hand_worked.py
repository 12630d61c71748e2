"""Further histories, written from chapters 2.5, 3.13 and 6 and the decisions alone, before any was derived."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.analysis.histories import comp, cre, dead, fu, given_up, on, path, stored, surg
from tests.unit.analysis.test_hand_worked import (
    CLEAN_SPECIMEN,
    CRE1,
    DECLARED,
    FREE_BUT_STRICT,
    IN_ARM_2,
    NO_COMPLICATION,
    OF_SALVAGE,
    PLAIN,
    PLANNED,
    REGROWN,
    REGROWTH,
    SALVAGED,
    WATCHED,
    Case,
    blank,
    cause,
    derived,
    dfs,
    looked,
    operated,
    organ,
    os,
    seen,
    time,
    without_recurrence,
)

CHAPTERS = ("2.5", "3.13", "6.1", "6.2", "6.3", "6.4")

CASES = [
    Case(
        "arm 1, residue proven at CRE-2, declines surgery: an event on the day of the refusal",
        {
            "CRE": [CRE1, cre(114, "CRE2", "NON_CCR", "1", proven_on=on(114))],
            "SURG": [given_up(120, "patient_refused")],
        },
        {
            **dfs(120, 1, "not_resectable"),
            **organ("N", "N", "N"),
            **looked(2, 1),
            "CRE1_REACHED": "Y",
            "CRE2_NOT_CLEAR": "primary",
            "SURG_PLANNED": "Y",
            "ICE_DECLINED_SURGERY": "Y",
        },
    ),
    Case(
        "a death on the day of the cut is in it",
        {"SURV": [dead(on(500), 500)], "last": 450},
        {
            **os(500, 1, "death", at_36="N", years="1.3689"),
            **dfs(500, 1, "death"),
            **organ("Y", "N", "N"),
            **seen(500, "death", 1),
        },
        cut=500,
    ),
    Case(
        "arm 2, dead of the heart before the operation",
        {"arm": 2, "SURV": [dead(on(60), 61, "cardiovascular")], "last": 50},
        {
            **os(60, 1, "death", at_36="N", years="0.1643"),
            **dfs(60, 1, "death"),
            **organ("N", "N", "N"),
            **seen(60, "death", 1),
            "CAMRE_N": "0",
            "ICE_DIED_WITHOUT_CANCER": "Y",
        },
    ),
    Case(
        "arm 1, regrowth, nothing removed, cut 100 days after proof: an event of DFS-A at the proof",
        {"CRE": [*WATCHED, REGROWTH]},
        {
            **REGROWN,
            **os(310, years="0.8487"),
            **dfs(310, 1, "locoregional"),
            **organ("N", "", ""),
            **seen(310),
        },
        cut=410,
    ),
    Case(
        "arm 1, cCR, metastasis before a regrowth: the metastasis comes first",
        {
            "CRE": [
                *WATCHED,
                cre(310, "AS", "DISTANT", proven_on=on(310)),
                cre(402, "AS", "REGROWTH", "1", proven_on=on(402)),
            ]
        },
        {
            **DECLARED,
            **looked(5, 4),
            **dfs(310, 1, "distant"),
            **time("PFSS", 196, 1, "distant"),
            **time("DURABLE", 196, 1, "distant"),
            **cause("REGROWTH", 196, "distant"),
            **organ("Y", "N", "N"),
        },
    ),
    Case(
        "arm 1, salvaged R0 after 80 days, dead of the operation on its 20th day, at home",
        {**SALVAGED, "SURG": [surg(390, "salvage")], "SURV": [dead(on(410), 411, "surgery")], "last": None},
        {
            **operated(390, "salvage", ""),
            **REGROWN,
            **os(410, 1, "death", at_36="N", years="1.1225"),
            **without_recurrence(*FREE_BUT_STRICT, days=410, event=1, because="death"),
            **OF_SALVAGE,
            "DAYS_REGROWTH_TO_SURGERY": "80",
            "DEATH_30": "Y",
            "DEATH_90": "Y",
            "TEXTBOOK": "N",
            "ICE_DIED_WITHOUT_CANCER": "Y",
        },
    ),
    Case(
        "a death of this month, reported on the 11th: on the 11th, not on the 15th",
        {"SURV": [dead("2026-05", 495)], "last": 485},
        {
            **os(495, 1, "death", at_36="N", years="1.3552"),
            **dfs(495, 1, "death"),
            **organ("Y", "N", "N"),
            **seen(495, "death", 1),
        },
        cut=500,
    ),
    Case(
        "arm 2, operated without a restaging",
        {"arm": 2, "SURG": [surg(79, "planned")], "PATH": [path()], "COMP": [comp()]},
        {**operated(79, "planned", "42"), "CAMRE_N": "0"},
    ),
    Case(
        "arm 2, cut on the day before the operation",
        PLANNED,
        {
            **IN_ARM_2,
            "CCR": "",  # whoever waits for an evaluation; nothing derived knows the arm
            **os(72, years="0.1971"),
            **dfs(72),
            **organ("", "", ""),
            **seen(72),
        },
        cut=78,
    ),
    Case(
        "arm 1, regrowth cleared by radiotherapy: no R0 removal, so an event of DFS-A; the organ is kept from then on",
        {
            "CRE": [*WATCHED, REGROWTH, cre(402, "AS", "PERSISTENT_CCR")],
            "ST": [{"st_kind": "rt", "st_intent": "curative", "st_start": "2025-12"}],
        },
        {**REGROWN, **looked(5, 4), **dfs(310, 1, "locoregional"), **organ("N", "Y", "Y")},
    ),
    Case(
        "arm 1, residue proven at CRE-1 and surgery declined the same day: an event on that day",
        {"CRE": [cre(72, "CRE1", "NON_CCR", "1", pt_dec="declines_surgery")]},
        {
            **dfs(72, 1, "not_resectable"),
            **organ("N", "N", "N"),
            **looked(1, 0),
            "CRE1_REACHED": "Y",
            "CRE1_NOT_CLEAR": "primary",
            "ICE_DECLINED_SURGERY": "Y",
        },
    ),
    Case(
        "adverse events on the last day of the neoadjuvant period and on the day before its first",
        {
            "AE": [
                {"ae_st": on(67), "grade": "3"},  # the last dose on day 37, and 30 days
                {"ae_st": on(68), "grade": "4"},
                {"ae_st": on(6), "grade": "4"},  # the first day of treatment is day 7
            ]
        },
        {"AE_WORST": "3", "AE_G3": "Y"},
    ),
    Case(
        "adverse events on the first day of treatment and after the last of the period",
        {"AE": [{"ae_st": on(7), "grade": "2"}, {"ae_st": on(68), "grade": "4"}]},
        {"AE_WORST": "2"},
    ),
    Case(
        "arm 1, cCR, metastasis on the day of the cut: known at the cut",
        {"CRE": [*WATCHED, cre(310, "AS", "DISTANT", proven_on=on(310))]},
        {
            **DECLARED,
            **looked(4, 3),
            **os(310, 0, "data_cut", years="0.8487"),
            **dfs(310, 1, "distant"),
            **time("PFSS", 196, 1, "distant"),
            **time("DURABLE", 196, 1, "distant"),
            **cause("REGROWTH", 196, "distant"),
            **organ("", "", ""),
            **seen(310),
        },
        cut=310,
    ),
    Case(
        "arm 2, cut on the day of the operation: it is in the data, its outcome is not",
        {
            **PLANNED,
            "SURG": [surg(79, "planned", disch_dt=None, disch_to=None, los=None, readm=None)],
            "PATH": [path(path_dt=on(85))],
            "COMP": [],
        },
        {
            **operated(79, "planned", "42"),
            **IN_ARM_2,
            **os(79, 0, "data_cut", years="0.2163"),
            **dfs(72),
            **blank(*CLEAN_SPECIMEN, *NO_COMPLICATION, "TEXTBOOK", "DEATH_30", "DEATH_90", "DEATH_HOSPITAL"),
            **blank("LOS", "READMITTED"),
            "HOSPITAL_DAYS": "0",
        },
        cut=79,
    ),
    Case(
        "seen to day 800: the oesophagus is kept at two years, and nothing is known of the third",
        {"last": 800},
        {**os(800, years="2.1903"), **seen(800), **organ("Y", "Y", "")},
    ),
    Case(
        "seen alive on day 1,096 and not later: alive at 36 months",
        {"last": 1096},
        {**os(1096, at_36="Y", years="3.0007"), **seen(1096)},
    ),
    Case(
        "arm 2, dead on the day of the operation, which is the day of the cut",
        {
            **PLANNED,
            "SURG": [surg(79, "planned", disch_dt=None, disch_to=None, los=None, readm=None)],
            "PATH": [],
            "COMP": [],
            "SURV": [dead(on(79), 79, "surgery")],
            "last": None,
        },
        {
            **operated(79, "planned", "42"),
            **IN_ARM_2,
            **os(79, 1, "death", at_36="N", years="0.2163"),
            **dfs(79, 1, "death"),
            **time("OFS", 79, 1, "death"),
            **blank(*CLEAN_SPECIMEN, *NO_COMPLICATION, "LOS", "READMITTED"),
            "TEXTBOOK": "N",
            "HOSPITAL_DAYS": "0",
            "DEATH_30": "Y",
            "DEATH_90": "Y",
            "DEATH_HOSPITAL": "Y",
            "ICE_DIED_WITHOUT_CANCER": "Y",
        },
        cut=79,
    ),
    Case(
        "one evaluation missed and one that took place before a metastasis: no censoring before it",
        {
            "CRE": [*WATCHED, cre(310, "AS", "PERSISTENT_CCR")],
            "FU": [fu(600, ("distant",), 600, 600)],
            "visits": (
                {
                    "code": "AS-09",
                    "forms": ["CRE"],
                    "closes": on(324),
                    "took_place_on": on(310),
                    "timing": "in",
                },
                {"code": "AS-12", "forms": ["CRE"], "closes": on(416), "took_place_on": None, "timing": ""},
            ),
        },
        {
            **DECLARED,
            **looked(4, 3),
            **dfs(600, 1, "distant"),
            **time("PFSS", 486, 1, "distant"),
            **time("DURABLE", 486, 1, "distant"),
            **cause("REGROWTH", 486, "distant"),
            "CRE_DUE": "2",
            "CRE_DONE": "1",
            "CRE_IN_WINDOW": "1",
        },
    ),
    Case(
        "quality of life: the last score before treatment is the baseline, and no score before it counts",
        {
            "QOL": [
                {"q_done_dt": on(1), "oesdys": Decimal(40)},
                {"q_done_dt": on(5), "oesdys": Decimal(20)},
                {"q_done_dt": on(219), "oesdys": Decimal("27.78")},
            ]
        },
        {"OESDYS_BASE": "20.00", "OESDYS_TTD_DAYS": "219", "OESDYS_TTD_EVENT": "0"},
    ),
    Case(
        "arm 1, cut on the day of the cCR: declared, and no time under observation yet",
        {"CRE": WATCHED},
        {
            **DECLARED,
            **looked(2, 1),
            **os(114, 0, "data_cut", years="0.3121"),
            **dfs(114),
            **organ("", "", ""),
            **seen(114),
            **time("PFSS", 0, 0, "last_clear_assessment"),
            **time("DURABLE", 0, 0, "censored"),
            **cause("REGROWTH", 0, "censored"),
        },
        cut=114,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_endpoint_of_a_further_history(case: Case) -> None:
    assert case.differs.keys() <= PLAIN.keys()
    expected, told = PLAIN | case.differs, derived(stored(**case.forms), case.cut)
    wrong = {
        name: (told.get(name), expected.get(name))
        for name in expected | told
        if told.get(name) != expected.get(name)
    }
    assert not wrong, "derived, worked by hand: " + "; ".join(f"{k} {v}" for k, v in wrong.items())

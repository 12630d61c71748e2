"""Complications of an operation (protocol 3.10), with X050 and X051 (protocol 3.17)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crf import catalogue
from crf.catalogue.survival.rules import death_of
from crf.engine.evaluation import Evaluation, evaluate
from tests.unit.crf.judging import text_values

CHAPTERS = ("3.10", "3.17")

FORM = catalogue.form("COMP")
OPERATED = date(2026, 3, 2)
OPERATION = {
    "sequence": 1,
    "surg_done": "resection",
    "surg_dt": OPERATED,
    "disch_dt": date(2026, 3, 15),
    "disch_to": "home",
}
CONTEXT: dict[str, Any] = {
    "today": date(2026, 5, 1),
    "SURG*": [OPERATION],
    "COMP*": [],
    "AE*": [{"sequence": 4}],
    "SURV*": [],
    "visit.last_on": date(2026, 4, 2),
}
# Adverse events of the leak: as it is, not serious, fatal, and of a day that is known in part.
EVENTS: list[dict[str, Any]] = [
    {"sequence": 4, "serious": "Y", "outcome": "recovered"},
    {"sequence": 6, "ae_st": "2026-03-08", "ae_en": "2026-03-20", "serious": "N", "outcome": "recovered"},
    {"sequence": 7, "ae_st": "2026-03-08", "serious": "Y", "outcome": "fatal"},
    {"sequence": 8, "ae_st": "2026-03", "ae_en": "2026-03", "serious": "Y", "outcome": "recovered"},
]
LEAK: dict[str, Any] = {
    "position": 1,
    "eccg_code": "GI01",
    "leak_type": "II",
    "comp_dt": date(2026, 3, 8),
    "cd_grade": "IIIa",
    "comp_tx": ["radiology", "antibiotics"],
    "comp_reop": "N",
    "comp_radio": "Y",
    "comp_reint": "N",
    "comp_icu": "N",
    "comp_prol": "Y",
    "comp_en": date(2026, 3, 20),
    "comp_ae": 4,
}
UNTIL_90: dict[str, Any] = {
    "po30_dt": date(2026, 4, 1),
    "po30_status": "alive",
    "po90_dt": date(2026, 5, 31),
    "po90_status": "alive",
}
NONE: dict[str, Any] = {"op_no": 1, "comp_any": "N", "feed_dc": "oral"}


def judged(*rows: dict[str, Any], context: dict[str, Any] | None = None, **changed: Any) -> Evaluation:
    values = {**NONE, **({"comp_any": "Y"} if rows else {}), **changed}
    return evaluate(
        FORM,
        values=values,
        groups={"comps": list(rows)},
        context={**text_values(FORM), **CONTEXT, **(context or {})},
    )


def codes(outcome: Evaluation) -> set[str]:
    return {finding.code for finding in outcome.findings if finding.kind == "check"}


def test_an_operation_without_complication_is_complete_and_its_index_is_zero() -> None:
    late = {"today": date(2026, 6, 1)}
    assert not judged(context=late).complete, "the status of day 90 is awaited"
    outcome = judged(context=late, **UNTIL_90)
    assert outcome.complete
    assert outcome.findings == ()
    assert outcome.values["cci"] == 0
    assert outcome.values["op_dt"] == OPERATED


def test_a_leak_is_complete_with_its_type_day_and_index() -> None:
    outcome = judged(LEAK, context={"today": date(2026, 6, 1)}, **UNTIL_90)
    assert outcome.complete
    assert codes(outcome) == set()
    assert outcome.groups["comps"][0]["pod"] == 6
    assert outcome.values["cd_worst"] == "IIIa"
    assert outcome.values["cci"] == Decimal("26.2")  # sqrt(2750) / 2


@pytest.mark.parametrize(
    ("grades", "index", "worst"),
    [
        (["II", "II"], Decimal("29.6"), "II"),  # sqrt(1750 + 1750) / 2
        (["IIIb", "II"], Decimal("39.7"), "IIIb"),
        (["IVa", "V"], Decimal(100), "V"),
    ],
)
def test_the_index_counts_every_complication(grades: list[str], index: Decimal, worst: str) -> None:
    rows = [
        LEAK | {"position": n, "eccg_code": "PU01", "leak_type": None, "cd_grade": g}
        for n, g in enumerate(grades, 1)
    ]
    outcome = judged(*rows)
    assert (outcome.values["cci"], outcome.values["cd_worst"]) == (index, worst)


def test_an_answer_yes_without_a_row_is_not_complete() -> None:
    assert not judged(comp_any="Y").complete


@pytest.mark.parametrize(
    ("code", "question"),
    [
        ("GI01", "leak_type"),
        ("GI02", "necr_type"),
        ("NE01", "palsy_type"),
        ("OT01", "chyle_vol"),
        ("OT02", "comp_text"),
    ],
)
def test_the_type_is_asked_for_the_complication_that_has_one(code: str, question: str) -> None:
    row = LEAK | {"eccg_code": code, "leak_type": None}
    wanted = {finding.target for finding in judged(row).findings if finding.kind == "required"}
    assert any(target.endswith(question) for target in wanted)


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("X051", {"comp_dt": date(2026, 3, 1)}),
        ("X051", {"comp_dt": date(2026, 6, 1), "comp_en": None}),
        ("COMP-03", {"comp_en": date(2026, 3, 7)}),
        ("COMP-04", {"comp_reop": "Y", "comp_reop_dt": date(2026, 3, 9)}),
        ("COMP-05", {"leak_type": "III"}),
        ("COMP-05", {"cd_grade": "II"}),
        (
            "COMP-06",
            {
                "eccg_code": "NE01",
                "leak_type": None,
                "palsy_type": "II",
                "palsy_side": "B",
                "comp_trach": "N",
            },
        ),
        ("COMP-07", {"cd_grade": "V", "comp_en": None}),
        ("COMP-08", {"cd_grade": "IIIb", "comp_ae": None, "comp_prol": "N"}),
        ("COMP-08", {"comp_ae": None}),  # the stay was prolonged
        ("COMP-09", {"comp_ae": 5}),
        ("COMP-13", {"comp_dt": date(2026, 3, 7), "comp_ae": 6}),
        ("COMP-13", {"comp_en": date(2026, 3, 21), "comp_ae": 6}),
        ("COMP-14", {"comp_ae": 6}),  # the stay was prolonged, the event is not serious
        ("COMP-14", {"comp_ae": 6, "cd_grade": "IIIb", "comp_prol": "N"}),
        ("COMP-15", {"comp_ae": 6, "cd_grade": "V", "comp_en": None}),
        ("COMP-15", {"comp_ae": 7}),
    ],
)
def test_each_contradiction_of_a_complication_is_found(check: str, change: dict[str, Any]) -> None:
    """Each is found at the row that it speaks of, and at no other."""
    quiet = LEAK | {"eccg_code": "PU01", "leak_type": None, "cd_grade": "II", "comp_prol": "N", "position": 2}
    outcome = judged(LEAK | change, quiet, context={"today": date(2026, 5, 1), "AE*": EVENTS})
    rows = {finding.target.split(".")[1] for finding in outcome.findings if finding.code == check}
    assert rows == {"1"}


@pytest.mark.parametrize(
    "change",
    [
        {"comp_dt": OPERATED},
        {"comp_dt": date(2026, 5, 31), "comp_en": None},
        {"comp_en": date(2026, 3, 8)},
        {"comp_reop": "Y", "comp_reop_dt": date(2026, 3, 9), "cd_grade": "IIIb"},
        {"leak_type": "III", "cd_grade": "IIIb"},
        {"leak_type": "I", "cd_grade": "I"},
        {"eccg_code": "NE01", "leak_type": None, "palsy_type": "III", "palsy_side": "B", "comp_trach": "Y"},
        {"eccg_code": "NE01", "leak_type": None, "palsy_type": "I", "palsy_side": "A"},
        {"cd_grade": "II", "leak_type": "I", "comp_prol": "N", "comp_ae": None},
        {"comp_ae": 6, "comp_prol": "N"},
        {"comp_ae": 8},
    ],
)
def test_what_fits_is_not_asked_about(change: dict[str, Any]) -> None:
    assert codes(judged(LEAK | change, context={"today": date(2026, 5, 31), "AE*": EVENTS})) == set()


def test_an_adverse_event_is_begun_with_what_the_complication_says() -> None:
    [lead] = FORM.leads
    row = judged(LEAK).groups["comps"][0]
    assert lead.is_one(row)
    assert not lead.is_one(row | {"comp_dt": None})
    assert lead.answers({}, row) == {
        "ae_term": "leak of anastomosis, staple line or conduit",
        "ae_st": date(2026, 3, 8),
        "ae_ongo": "N",
        "ae_en": date(2026, 3, 20),
        "serious": "Y",
    }
    goes_on = lead.answers({}, row | {"comp_en": None, "comp_prol": "N"})
    assert (goes_on["ae_ongo"], goes_on["ae_en"], goes_on["serious"]) == (None, None, None)


def test_complications_belong_to_an_operation_with_an_incision_once() -> None:
    explored, refused = OPERATION | {"surg_done": "explored"}, OPERATION | {"surg_done": "none"}
    assert codes(judged(context={"SURG*": [explored]})) == set()
    assert "COMP-01" in codes(judged(context={"SURG*": [refused]}))
    assert "COMP-01" in codes(judged(op_no=2))
    assert "COMP-02" in codes(judged(context={"COMP*": [{"op_no": 1}]}))


def test_the_operation_that_waits_is_proposed() -> None:
    second = OPERATION | {"sequence": 2, "surg_dt": date(2026, 4, 20)}
    of_two = {"SURG*": [OPERATION, second], "COMP*": [{"op_no": 1}]}
    assert judged(op_no=None, context=of_two).values["op_no_calc"] == 2
    assert (
        judged(op_no=None, context={"SURG*": [OPERATION | {"surg_done": "none"}]}).values["op_no_calc"]
        is None
    )


def page_of_death(
    died: str | None, alive: date | None = date(2026, 3, 19), told: date = date(2026, 3, 21)
) -> dict[str, Any]:
    """A survival form that tells of a death, with what it has derived."""
    page = {"vital": "dead", "death_dt": died, "last_alive_dt": alive, "status_dt": told}
    death = death_of({**page, "surv_all": [], "fu_all": []})
    derived = {"death_calc": death.on, "death_known": death.known.value} if death else {}
    days = {"death_first": death.earliest, "death_last": death.latest} if death else {}
    return page | derived | days


DEAD = page_of_death("2026-03-20")


@pytest.mark.parametrize(
    ("changed", "context", "died"),
    [
        ({}, {}, (False, False, None)),  # seen on day 31, not yet on day 90
        (
            {"po30_dt": date(2026, 4, 3), "po30_status": "alive"},
            {"visit.last_on": None},
            (False, False, None),
        ),
        ({"po90_dt": date(2026, 6, 2), "po90_status": "alive"}, {}, (False, False, False)),
        ({}, {"visit.last_on": None}, (None, None, None)),
        ({}, {"visit.last_on": None, "SURV*": [DEAD]}, (False, True, True)),
        (
            {},
            {
                "visit.last_on": None,
                "SURV*": [page_of_death("2026-03-12", date(2026, 3, 11))],
            },
            (True, True, True),
        ),
        (
            {},
            {"visit.last_on": None, "SURV*": [page_of_death("2026", told=date(2026, 9, 1))]},
            (None, None, None),
        ),
        (
            {},
            {
                "SURV*": [page_of_death("2026-07-01", date(2026, 6, 30), date(2026, 7, 2))],
            },
            (False, False, False),
        ),
    ],
)
def test_death_after_an_operation_is_told_only_when_every_possible_day_agrees(
    changed: dict[str, Any], context: dict[str, Any], died: tuple[bool | None, ...]
) -> None:
    values = judged(context=context, **changed).values
    if died[0] is None:
        assert (values["died_30"], values["died_90"]) == died[1:]
    else:
        assert (values["died_hosp"], values["died_30"], values["died_90"]) == died


def test_a_status_that_nobody_knows_after_day_90_is_asked_for() -> None:
    late = {"today": date(2026, 6, 1), "visit.last_on": None}
    assert "X050" in codes(judged(context=late))
    assert "X050" not in codes(judged(context=late | {"today": date(2026, 5, 31)}))
    alive = {"po90_dt": date(2026, 6, 1), "po90_status": "alive"}
    assert "X050" not in codes(judged(context=late, **alive))


def test_a_death_before_the_day_is_told_when_it_is_known() -> None:
    told = {
        "po30_dt": date(2026, 3, 12),
        "po30_status": "dead",
        "po90_dt": date(2026, 3, 12),
        "po90_status": "dead",
    }
    assert codes(judged(context={"SURV*": [DEAD]}, **told)) == set()


@pytest.mark.parametrize(
    ("check", "changed", "context"),
    [
        ("COMP-10a", {"po30_dt": date(2026, 3, 31), "po30_status": "alive"}, {}),
        ("COMP-10b", {"po90_dt": date(2026, 5, 30), "po90_status": "alive"}, {}),
        ("COMP-11a", {"po30_dt": date(2026, 4, 1), "po30_status": "dead"}, {}),
        ("COMP-11b", {"po90_dt": date(2026, 5, 31), "po90_status": "dead"}, {}),
        ("COMP-12a", {"po30_dt": date(2026, 4, 1), "po30_status": "alive"}, {"SURV*": [DEAD]}),
        ("COMP-12b", {"po90_dt": date(2026, 5, 31), "po90_status": "alive"}, {"SURV*": [DEAD]}),
    ],
)
def test_each_contradiction_of_a_status_is_found(
    check: str, changed: dict[str, Any], context: dict[str, Any]
) -> None:
    late = {"today": date(2026, 6, 30)}
    assert check in codes(judged(context=late | context, **changed))
    told = {key: value for key, value in changed.items() if key.endswith("_dt")}
    fits = {"SURV*": [DEAD]} if check.startswith("COMP-11") else {"SURV*": []}
    on_time = {key: value.replace(month=value.month + 1, day=1) for key, value in told.items()}
    assert check not in codes(judged(context=late | fits, **{**changed, **on_time}))

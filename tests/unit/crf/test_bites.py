"""The map of the bite-on-bite biopsies and the adequacy of an aspiration (protocol 3.7, bob_map, eus_nodes)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.crf.examples.response import CRE1, at_cre1, example, in_surveillance, suspect_node
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("3.7",)


def bite(**changes: Any) -> dict[str, Any]:
    return {
        "bite_cm": 30,
        "quadrant": "anterior",
        "bite_n": 1,
        "depth": "submucosa",
        "bite_res": "none",
    } | changes


FOUR = [bite(), bite(quadrant="right"), bite(quadrant="left", bite_cm=31), bite(quadrant="posterior")]


def mapped(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    case = example(**changes)
    case["groups"]["bob_map"] = list(rows)
    return case


def test_a_map_that_agrees_is_complete_without_findings() -> None:
    outcome = judge("CRE", mapped(*FOUR, STAGE__upper_cm=Decimal(28), STAGE__lower_cm=Decimal(33)))
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_depth_and_quadrants_are_counted() -> None:
    values = judge(
        "CRE", mapped(bite(bite_n=2), bite(depth="mucosa"), bite(depth="muscle", quadrant="left"))
    ).values
    assert (values["bob_deep"], values["bob_quads"]) == (3, 2)


def test_without_a_map_nothing_is_counted() -> None:
    values = judge("CRE", mapped()).values
    assert (values["bob_deep"], values["bob_quads"]) == (None, None)


@pytest.mark.parametrize(
    ("case", "days"),
    [
        (example(**{"CRE*": [CRE1 | {"ogd_dt": date(2026, 7, 14)}]}), 42),
        (example(**{"CRE*": [CRE1 | {"ogd_dt": date(2026, 7, 14), "bx_result": "nd"}]}), None),
        (at_cre1(STAGE__ogd_dt=date(2026, 4, 15), **{"CRE*": []}), 90),
        (
            in_surveillance(
                STAGE__ogd_dt=date(2026, 4, 15),
                **{"CRE*": [CRE1 | {"ogd_dt": date(2026, 8, 25)}, CRE1 | {"ogd_dt": date(2027, 3, 1)}]},
            ),
            106,
        ),
        (example(ogd_dt=None, STAGE__ogd_dt=date(2026, 4, 15)), None),
    ],
)
def test_days_since_the_biopsy_before(case: dict, days: int | None) -> None:
    assert judge("CRE", case).values["bx_days"] == days


def test_thickness_on_eus_is_compared_with_the_baseline() -> None:
    values = judge("CRE", example(eus_mm=4.5, STAGE__eus_mm=Decimal(12))).values
    assert values["eus_change"] == Decimal("-7.5")


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("CRE-18", mapped(bite(bite_n=3))),
        ("CRE-18", mapped(*FOUR, bite())),
        ("CRE-19", mapped(bite(bite_n=4, depth="mucosa"))),
        ("CRE-19", mapped(*FOUR, bx_adequate="superficial")),
        ("CRE-20", mapped(*FOUR[1:], bite(bite_res="scc"))),
        ("CRE-20", mapped(*FOUR[1:], bite(bite_res="hgd"), bx_result="lgd")),
        ("CRE-21", mapped(*FOUR, STAGE__upper_cm=Decimal("30.5"), STAGE__lower_cm=Decimal(33))),
        ("CRE-21", mapped(*FOUR, STAGE__upper_cm=Decimal(28), STAGE__lower_cm=Decimal("30.5"))),
        ("CRE-22", example(**suspect_node(fna_res="negative", fna_lymph="N"))),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("CRE", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("CRE-18", mapped(bite(bite_n=4))),
        ("CRE-18", mapped()),
        ("CRE-19", mapped(bite(bite_n=4, depth="unclear"), bx_adequate="superficial")),
        ("CRE-19", mapped(bite(bite_n=4, depth="mucosa"), bx_adequate="superficial")),
        ("CRE-19", mapped(bite(bite_n=4, depth="mucosa"), bx_adequate="insufficient")),
        ("CRE-20", mapped(*FOUR[1:], bite(bite_res="scc"), bx_result="scc")),
        ("CRE-20", mapped(bite(bite_n=4, bite_res=None))),
        ("CRE-21", mapped(*FOUR, STAGE__upper_cm=None, STAGE__lower_cm=None)),
        ("CRE-22", example(**suspect_node(fna_res="inadequate", fna_lymph="N"))),
        ("CRE-22", example(**suspect_node(fna_res="negative", fna_lymph="Y"))),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("CRE", case))


@pytest.mark.parametrize(
    ("cytology", "lymphoid", "adequate"),
    [
        ("positive", "N", "Y"),
        ("atypia", None, "Y"),
        ("inadequate", "Y", "N"),
        ("negative", "Y", "Y"),
        ("negative", "N", "N"),
        ("negative", "U", None),
        (None, "Y", None),
    ],
)
def test_an_aspiration_is_adequate(cytology: str | None, lymphoid: str | None, adequate: str | None) -> None:
    outcome = judge("CRE", example(**suspect_node(fna_res=cytology, fna_lymph=lymphoid)))
    assert outcome.groups["eus_nodes"][0]["fna_adeq"] == adequate


@pytest.mark.parametrize(
    ("change", "target"),
    [({"bite_cm": 17}, "soft"), ({"bite_cm": 9}, "hard"), ({"bite_n": 5}, "soft"), ({"bite_n": 21}, "hard")],
)
def test_levels_and_pairs_have_a_range(change: dict, target: str) -> None:
    assert any(
        key.endswith(target) and "bob_map" in key for key in found(judge("CRE", mapped(bite(**change))))
    )

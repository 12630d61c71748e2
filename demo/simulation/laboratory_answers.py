"""What a laboratory reports of a synthetic participant, and what it calls normal."""

from __future__ import annotations

import random
from datetime import date
from typing import Any, Final

from demo.simulation.answers import Case, Sent
from protocol.laboratory import TESTS, asked_at_visit
from protocol.reference_lines import RangeLine, read_range_lines
from protocol.text import load, versions

NORMAL: Final = """HGB\tg/L\t130-175\tM
HGB\tg/L\t115-150\tF
WBC\t10^9/L\t3.5-9.5
NEUT\t10^9/L\t1.8-6.3
LYM\t10^9/L\t1.1-3.2
PLAT\t10^9/L\t125-350
ALT\tU/L\t9-50\tM
ALT\tU/L\t7-40\tF
AST\tU/L\t15-40\tM
AST\tU/L\t13-35\tF
BILI\tumol/L\t3.4-21
ALP\tU/L\t45-125
GGT\tU/L\t10-60\tM
GGT\tU/L\t7-45\tF
ALB\tg/L\t40-55
CREAT\tumol/L\t57-111\tM
CREAT\tumol/L\t41-81\tF
UREA\tmmol/L\t3.1-9.5
SODIUM\tmmol/L\t137-147
K\tmmol/L\t3.5-5.3
CL\tmmol/L\t99-110
CA\tmmol/L\t2.11-2.52
MG\tmmol/L\t0.75-1.02
GLUC\tmmol/L\t3.9-6.1
LDH\tU/L\t120-250
CK\tU/L\t50-310\tM
CK\tU/L\t40-200\tF
TROPONI\tng/L\t<34
BNPPRONT\tpg/mL\t<300
TSH\tmIU/L\t0.27-4.2
T4FR\tpmol/L\t12-22
T3FR\tpmol/L\t3.1-6.8
CORT\tnmol/L\t133-537
ACTH\tpmol/L\t1.6-13.9
LIPASET\tU/L\t<60
AMYLASE\tU/L\t35-135"""
# What a participant without complications has: from, to, decimal places.
USUAL: Final[dict[str, tuple[float, float, int]]] = {
    "HGB": (122, 150, 0), "WBC": (4.2, 7.8, 1), "NEUT": (2.1, 3.6, 2), "LYM": (1.2, 1.9, 2), "PLAT": (140, 290, 0),
    "ALT": (11, 36, 0), "AST": (15, 34, 0), "BILI": (5, 17, 1), "ALP": (48, 110, 0), "GGT": (11, 40, 0),
    "ALB": (40, 47, 1), "CREAT": (58, 80, 0), "UREA": (3.6, 7.2, 1), "SODIUM": (138, 145, 0), "K": (3.7, 4.8, 1),
    "CL": (100, 108, 0), "CA": (2.15, 2.45, 2), "MG": (0.78, 0.98, 2), "GLUC": (4.4, 6, 1), "LDH": (135, 220, 0),
    "CK": (55, 180, 0), "TROPONI": (2, 18, 0), "BNPPRONT": (20, 220, 0), "TSH": (0.6, 3.6, 2), "T4FR": (12.5, 20, 1),
    "T3FR": (3.3, 5.6, 1), "CORT": (180, 480, 0), "ACTH": (2, 11, 1), "LIPASET": (14, 50, 0), "AMYLASE": (40, 110, 0),
}  # fmt: skip
LOW_UNDER_RADIATION: Final = (0.52, 0.95)


def reference_ranges() -> list[RangeLine]:
    """Return what the laboratory of each synthetic site calls normal."""
    return list(read_range_lines(NORMAL.split("\n")))


def panel(case: Case, on: date, visit_code: str) -> Sent:
    """LB: the tests of the visit; lymphocytes fall under radiotherapy, one test in fifty is not done or forgotten.

    It has dice of its own, so that the rest of the story is the same with and without it.
    """
    dice = random.Random(f"{case.number} {visit_code} laboratory")  # noqa: S311 - a story, no secret
    tests = asked_at_visit(load(versions()[0]), visit_code, case.arm)
    return {
        "answers": {"lb_done": "Y", "lb_dt": on, "lb_tm": "08:10", **_assay(tests)},
        "groups": {"tests": [row for code in tests if (row := _row(code, case, on, dice))]},
    }


def _assay(tests: tuple[str, ...]) -> dict[str, str]:
    return {"trop_assay": "High-sensitivity assay of the demonstration"} if "TROPONI" in tests else {}


def _row(code: str, case: Case, on: date, dice: random.Random) -> dict[str, Any]:
    row = {"lb_test": code} | ({"lb_unit": TESTS[code].unit} if TESTS[code].unit else {})
    if (chance := dice.random()) < 0.02:
        return {} if chance < 0.004 else row | {"missing": {"lb_res": "ND"}}
    return row | {"lb_res": _result(code, case, on, dice)}


def _result(code: str, case: Case, on: date, dice: random.Random) -> str:
    if TESTS[code].codes:
        return "neg"
    if code == "HBVDNA":
        return "<20"
    low, high, places = USUAL[code]
    if code == "LYM" and case.neo_d1 and on > case.neo_d1 and (case.neo_end is None or on <= case.neo_end):
        low, high = LOW_UNDER_RADIATION
    return f"{dice.uniform(low, high):.{places}f}"

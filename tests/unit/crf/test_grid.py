"""Issue point 1: doses are drawn as a grid, a column for each, above the rows that hold them (protocol 3.5)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crf import catalogue
from crf.page.grid import grid_of

CHAPTERS = ("3.5",)
GIVEN: dict[str, Any] = {
    "given": "full",
    "adm_dt": date(2026, 3, 3),
    "planned_day": 1,
    "missing": {},
}
NOT_KNOWN: dict[str, Any] = {"given": "omitted", "planned_day": 8, "missing": {"anc_d": "ND"}}


def test_point_1_each_dose_is_a_column_and_each_drug_has_its_lines() -> None:
    group = catalogue.form("TREAT").groups["chemo"]
    grid = grid_of(group, [(GIVEN, "chemo-0", "Dose 1"), (NOT_KNOWN, "chemo-1", "Dose 2")], zone="UTC")
    assert grid is not None
    assert [(column.title, column.first) for column in grid.columns] == [
        ("Dose 1", "chemo-0-anc_d"),
        ("Dose 2", "chemo-1-anc_d"),
    ]
    lines = {line.question.name: [cell.text for cell in line.cells] for line in grid.lines}
    assert (lines["given"], lines["adm_dt"], lines["planned_day"]) == (
        ["full dose", "omitted"],
        ["2026-03-03", ""],
        ["1", "8"],
    )
    assert lines["anc_d"] == ["", "not done"]
    assert {"nabp_given", "nabp_dt", "nabp_mg", "carbo_mg"} <= set(lines)
    assert grid.lines[-1].cells[1].name == "chemo-1-nabp_reason"


@pytest.mark.parametrize("name", ["chemo", "camre"])
def test_point_1_every_drug_of_the_treatment_form_has_its_grid(name: str) -> None:
    group = catalogue.form("TREAT").groups[name]
    assert grid_of(group, [({"missing": {}}, f"{name}-0", "1")], zone="UTC") is not None
    assert grid_of(group, [], zone="UTC") is None


def test_a_table_that_names_no_answers_for_it_has_none() -> None:
    group = catalogue.form("TREAT").groups["rt_fx"]
    assert grid_of(group, [({"missing": {}}, "rt_fx-0", "1")], zone="UTC") is None

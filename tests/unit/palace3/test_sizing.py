"""The table of docs/scaling.md is the one that its command works out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.sizing import Figures, needs, table

SCALING = Path(__file__).parents[3] / "docs" / "scaling.md"


def test_the_page_holds_what_the_command_says() -> None:
    page = SCALING.read_text(encoding="utf-8")
    lines = [line.replace("|  |", "| |") for line in table(Figures())]
    assert [line for line in lines if line not in page.splitlines()] == []


def test_the_arithmetic_is_that_of_the_page() -> None:
    one = needs(1, Figures())
    assert one.web_cores == pytest.approx((60 / 5 * 0.03 + 60 * 0.28 / 300) * 2)
    assert one.connections == 2 * 8 + 2 + 1
    assert one.storage == pytest.approx(356 * 5 * 0.0005)
    many = needs(1000, replace(Figures(), people=600))
    assert many.web_processes == 9 * 1000, "at half load a process has a core"
    assert many.machines > needs(1000, Figures()).machines

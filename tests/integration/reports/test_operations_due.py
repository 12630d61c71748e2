"""The forms of an operation are due at the visit that expects it, though they are logs (protocol 2.3, 3.8, 3.9)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from followup.services import mark_not_done, record_visit
from reports.matrix import Cell, forms_of_visit
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, treated, visit
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import surgery
from tests.world import World
from trials.models import Participant

CHAPTERS = ("2.3", "3.8", "3.9")
pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]

BEFORE, DURING, AFTER = date(2026, 7, 1), date(2026, 7, 20), date(2026, 9, 1)
REFUSED = {"surg_done": "refused", "no_surg_dt": date(2026, 7, 27), "no_surg_reason": "wish"}


@pytest.fixture
def awaiting(person: Participant, save: Save) -> Participant:
    """Arm 2 with its treatment behind it: the operation is planned."""
    randomized(person, arm="2")
    treated(person, save)
    return person


def due(person: Participant, on: date, code: str = "SURG-2") -> dict[str, Cell]:
    return {form.code: cell for form, cell in forms_of_visit(visit(person, code), today=on)}


def states(person: Participant, on: date) -> tuple[str | None, str | None]:
    cells = due(person, on)
    return tuple(cells[code].state if code in cells else None for code in ("SURG", "PATH"))  # type: ignore[return-value]


def test_point_16_an_expected_operation_owes_its_forms(awaiting: Participant, save: Save) -> None:
    assert states(awaiting, BEFORE) == ("expected", "expected")
    assert states(awaiting, DURING) == ("due", "due")
    assert states(awaiting, AFTER) == ("overdue", "overdue")
    cell = due(awaiting, DURING)["SURG"]
    assert cell.href.endswith(f"/participants/{awaiting.number}/forms/SURG/0/")
    save(awaiting, "SURG", values=surgery.VALUES)
    record_visit(visit=visit(awaiting, "SURG-2"), took_place_on=surgery.OPERATED_ON, **SYSTEM)
    surg, path = states(awaiting, AFTER)
    assert (surg, path) == ("complete", "due")
    assert due(awaiting, AFTER)["SURG"].href.endswith("/forms/SURG/")


def test_point_16_no_specimen_owes_no_pathology(awaiting: Participant) -> None:
    mark_not_done(visit=visit(awaiting, "SURG-2"), why="refused", **SYSTEM)
    assert states(awaiting, AFTER) == ("not_done", None)


def test_point_16_the_matrix_of_the_participant_shows_both_and_the_log_stays_at_hand(
    awaiting: Participant, world: World
) -> None:
    matrix: Any = client_of(world.coordinator).get(awaiting.get_absolute_url()).context["case"].matrix
    codes = [form.code for form in matrix.forms]
    assert {"SURG", "PATH"} <= set(codes)
    assert not {"AE", "SAE", "ST"} & set(codes)
    row = next(row for row in matrix.rows if row.visit.code == "SURG-2")
    assert row.cells[codes.index("SURG")] is not None
    others = [row for row in matrix.rows if "SURG" not in row.visit.forms]
    assert all(row.cells[codes.index("SURG")] is None for row in others)
    assert {"SURG", "PATH", "AE"} <= {form.code for form, _cell in matrix.alone}

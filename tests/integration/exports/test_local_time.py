"""What leaves carries the site's own time with its offset, so that a day never turns into the day before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crf import catalogue
from crf.models import Record
from exports.api import shapes
from exports.forms import ExportForm
from tests.integration.crf.conftest import everything
from tests.integration.crf.test_safety import event, person
from tests.integration.exports.test_exports import files, taken
from tests.world import NOW, World
from trials.models import Participant

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person"]

BEFORE_EIGHT = datetime(2026, 6, 20, 23, 30, tzinfo=UTC)
WANTED = "2026-06-21T07:30+08:00"


@pytest.fixture(autouse=True)
def kept_in(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_point_10_an_instant_leaves_by_the_sites_clock_with_its_offset(
    world: World, person: Participant
) -> None:
    event(world, person, ser_aware=BEFORE_EIGHT)
    (row,) = files(taken(world, forms=["AE"]))["AE.csv"]
    assert row["SER_AWARE"] == WANTED
    form = catalogue.form("AE")
    (record,) = form.model.objects.filter(pk__in=Record.objects.filter(participant=person))
    (shown,) = shapes.records(form, [record], identifying=False)
    assert shown["answers"]["ser_aware"] == WANTED


@pytest.mark.parametrize(
    "typed",
    ["2026-11-20 09:30", "２０２６－１１－２０　０９：３０", "2026年11月20号9时30分", "2026-11-20T01:30Z"],
)
def test_point_10_the_cut_is_asked_for_by_the_trials_clock(world: World, typed: str) -> None:
    form = ExportForm(
        {"purpose": "DMC", "forms": ["AE"], "sites": ["01"], "cut_at": typed}, sites=[("01", "01")], at=NOW
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["cut_at"] == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert "Asia/Shanghai, UTC+8" in str(form.fields["cut_at"].label)


def test_point_10_a_cut_that_is_not_read_says_how_one_is_typed(world: World) -> None:
    given = {"purpose": "DMC", "forms": ["AE"], "sites": ["01"]}
    for typed, said in (
        ("28/11/2026 10:00", "such as 2026-11-23 14:30"),
        ("2026-11-20 09:30:17", "seconds out"),
    ):
        form = ExportForm(given | {"cut_at": typed}, sites=[("01", "01")], at=NOW)
        assert said in str(form.errors["cut_at"])

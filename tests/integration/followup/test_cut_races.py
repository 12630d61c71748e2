"""Data cuts that are announced or moved at once, on real connections (protocol 2.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from followup.models import DataCut
from followup.services import announce_data_cut, cancel_data_cut, move_data_cut
from followup.services.cuts import CutAnnounced
from kernel.scope import EVERYTHING, scope
from tests.integration.followup.conftest import noon
from tests.races import overlapping
from tests.world import World
from tests.world_database import committed_world

pytestmark = pytest.mark.django_db(transaction=True)

DAY, SPRING, SUMMER, AUTUMN = (
    date(2026, 11, 20),
    date(2027, 3, 31),
    date(2027, 6, 30),
    date(2027, 9, 30),
)


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("followup.tasks.roll.delay", lambda: None)  # no worker is there to plan
    return committed_world()


def announcing(trial: World, on: date) -> Callable[[], Any]:
    return lambda: announce_data_cut(on=on, purpose="Report", by=trial.data_manager, at=noon(DAY))


def moving(trial: World, cut: DataCut, on: date) -> Callable[[], Any]:
    return lambda: move_data_cut(cut=cut, on=on, reason="Later.", by=trial.data_manager, at=noon(DAY))


def standing() -> list[tuple[int, date]]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return list(DataCut.objects.standing().order_by("number").values_list("number", "on"))


def test_rare_12_two_data_cuts_announced_at_once_have_numbers_of_their_own(trial: World) -> None:
    overlapping(announcing(trial, SPRING), announcing(trial, SUMMER))
    assert standing() == [(1, SPRING), (2, SUMMER)]


def test_rare_12_one_day_announced_twice_at_once_is_refused_the_second_time(trial: World) -> None:
    _first, second = overlapping(announcing(trial, SPRING), announcing(trial, SPRING))
    assert isinstance(second, CutAnnounced)
    assert standing() == [(1, SPRING)]


def test_rare_12_data_cuts_moved_and_announced_at_once_all_stand(trial: World) -> None:
    spring, summer = announcing(trial, SPRING)(), announcing(trial, SUMMER)()
    overlapping(moving(trial, spring, AUTUMN), moving(trial, summer, SPRING))
    assert standing() == [(3, AUTUMN), (4, SPRING)]


def test_rare_12_a_day_that_is_freed_at_once_can_be_announced(trial: World) -> None:
    """Who announces while another cancels is told what stands once that is done."""
    spring = announcing(trial, SPRING)()
    by: dict[str, Any] = {"reason": "No meeting.", "by": trial.data_manager, "at": noon(DAY)}
    overlapping(lambda: cancel_data_cut(cut=spring, **by), announcing(trial, SPRING))
    assert standing() == [(2, SPRING)]

"""Five years of a few people through what the tasks do: daily at first, then by workers that sleep two weeks.

``python -m bench.followup`` plays all 356 day by day.
"""

from __future__ import annotations

from datetime import date

import pytest

from followup.models import Reminder, Visit
from tests.integration.followup.years import Years, faults
from tests.world import World

CHAPTERS = ("2.1", "2.2", "2.3")

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.mark.parametrize("seed", [11])
def test_what_follow_up_promises_holds_for_five_years(world: World, everywhere: None, seed: int) -> None:
    years = Years(world, seed=seed, first_day=date(2024, 5, 6))
    for number in range(4):
        years.randomize("12"[number % 2])
    for _day in range(91):
        years.pass_day()
    while years.day < date(2029, 6, 1):
        years.pass_day(days=14)
    assert faults(years) == []
    assert Reminder.objects.count() > 30
    assert Visit.objects.filter(state="done").count() > 20

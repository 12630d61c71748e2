"""The trial that `make demo` fills is small and shows every course that a participant can take."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from demo.servers.stack import Trial
from demo.simulation.participant import at_work
from demo.simulation.profiles import Story
from demo.simulation.trial import YEARS, _journeys

MONTH = timedelta(days=30)
SEEN_AFTER = {  # a tumour is seen at a visit, at most three months later; the others are told of, from randomization on
    "regrows_after": timedelta(days=90),
    "distant_after": timedelta(days=90),
    "dies_after": timedelta(days=14),
    "withdraws_after": timedelta(days=14),
}


def stories(last: date) -> list[tuple[int, Story]]:
    """Return the site and the story of everybody whom the demonstration walks through the trial."""
    trial, opened_on = Trial(), last - YEARS
    dice = random.Random(trial.seed)
    at_work(opened_on, dice)
    places = [SimpleNamespace(number=n, consent=n < trial.sites or None) for n in range(1, trial.sites + 1)]
    stage: Any = SimpleNamespace(places=places)
    people: Any = _journeys(stage, trial.participants, opened_on, last, dice)
    return [(journey.place.number, journey.case.story) for journey in people]


@pytest.mark.parametrize("last", [date(2026, 11, 29), date(2028, 2, 29), date(2031, 12, 31)], ids=str)
def test_point_24_few_people_show_every_course(last: date) -> None:
    """Before, 48 people with another seed showed no withdrawal; filling them took half as long again."""
    told = stories(last)
    randomized = [story for _site, story in told if story.ending == "randomized"]

    def shown(months: int | None, story: Story, after: timedelta) -> bool:
        return months is not None and story.consent_on + months * MONTH + after < last

    assert len(told) <= 36
    endings = Counter(story.ending for _site, story in told)
    assert min(endings[each] for each in ("fails", "declines", "waits")) >= 2
    assert endings["randomized"] >= 24
    for kind, after in SEEN_AFTER.items():
        assert sum(shown(getattr(story, kind), story, after) for story in randomized) >= 2, kind
    assert any(story.declines_surgery for story in randomized)
    assert any(story.wants_surgery for story in randomized)
    assert any(story.lateness > 0.7 for story in randomized), "a second operation"
    assert 9 <= sum(story.tumour_gone for story in randomized) <= len(randomized) - 9
    assert {site for site, _story in told} == {1, 2, 3, 4, 5}
    assert any(story.consent_on + timedelta(days=14) > last for _site, story in told), "in screening today"

"""docs/tour.md tells which files one randomization passes through."""

from __future__ import annotations

from typing import Any

from tests.integration.randomization.test_pages import CONFIRMED, browser, page, pytestmark
from tests.tour import check_chapter
from tests.tracing import traced

__all__ = ["browser", "pytestmark"]


def test_the_tour_tells_the_way_of_a_randomization(
    world: Any, part: Any, eligible: Any, browser: Any
) -> None:
    investigator, before, participant = browser(world.investigator), eligible(), eligible()
    assert investigator.post(page("randomize", before.number), CONFIRMED).status_code == 302
    assert investigator.get(page("randomize", participant.number)).status_code == 200
    with traced() as trace:
        answer = investigator.post(page("randomize", participant.number), CONFIRMED)
    assert answer.status_code == 302
    check_chapter("randomization", trace)

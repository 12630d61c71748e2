"""docs/tour.md tells which files one export passes through."""

from __future__ import annotations

from tests.integration.exports.test_exports import pytestmark, taken
from tests.tour import check_chapter
from tests.tracing import traced
from tests.world import World, screen

__all__ = ["pytestmark"]


def test_the_tour_tells_the_way_of_an_export(world: World) -> None:
    screen(world)
    taken(world)
    with traced() as trace:
        taken(world)
    check_chapter("export", trace)

"""The flow of participants adds up: after random walks through the states, and what contradicts itself is named."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis.flow import BOXES, counted, flow_of
from audit.acts import open_act
from protocol.text import load
from tests.integration.crf.conftest import everything
from tests.world import NOW, World, screen
from trials.models import Participant
from trials.models.participants import Track

CHAPTERS = ("2.5", "6.7")

pytestmark = pytest.mark.django_db
__all__ = ["everything"]

COLUMNS = ("number", "state", "arm", "declined", "allocated", "died", "lost", "withdrew")
GIVEN = (
    "(SELECT * FROM unnest(%(number)s::text[], %(state)s::text[], %(arm)s::text[], %(declined)s::bool[], "
    "%(allocated)s::bool[], %(died)s::bool[], %(lost)s::bool[], %(withdrew)s::bool[]) "
    "AS t(number, state, arm, declined, allocated, died, lost, withdrew))"
)
LONGEST = 9
WALKS, TIMES = 50, 21  # walks at once; the first of the times Hypothesis walks nowhere
OFTEN = 24  # so many times rather on than out: else most walks end before randomization
TEXT = load("1.0")
LAST = {track.code for track in TEXT.tracks if track.terminal}


@st.composite
def walks(draw: st.DrawFn) -> dict[str, Any]:
    """Where somebody stands after a walk along the moves of the protocol text, with the rows that each step writes."""
    arm = draw(st.sampled_from("12"))
    row: dict[str, Any] = {"state": "SCREENED", "arm": None, "declined": None, "allocated": False}
    row |= {"died": False, "lost": False, "withdrew": False}
    endings = [track.code for track in TEXT.tracks if track.from_any]
    for _step in range(draw(st.integers(0, LONGEST))):
        moves = [move.to for move in TEXT.moves if move.start == row["state"] and arm in move.arms]
        ends = endings if row["arm"] or not moves else []
        if not moves and not ends:
            break
        onward = [to for to in moves if to not in LAST]
        row["state"] = state = draw(st.sampled_from([*onward * OFTEN, *moves, *ends]))
        if state == "RANDOMISED":
            row |= {"arm": arm, "allocated": True}
        if state == "SCREEN_FAIL":
            row["declined"] = draw(st.booleans())
        row |= {"died": state == "DEAD", "lost": state == "LOST", "withdrew": state == "WITHDRAWN_ALL"}
        if state in LAST:
            break
    return row


def placed(rows: list[dict[str, Any]], *, by_arm: bool = False) -> Any:
    numbered = [{"number": f"01-{n:04d}", **row} for n, row in enumerate(rows, 1)]
    return counted(GIVEN, {name: [row[name] for row in numbered] for name in COLUMNS}, by_arm=by_arm)


def test_everybody_is_in_exactly_one_last_box_after_a_thousand_random_walks() -> None:
    ended: Counter[str] = Counter()

    @settings(
        max_examples=TIMES,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[Phase.generate],
    )
    @given(st.lists(walks(), min_size=WALKS, max_size=WALKS))
    def walked(rows: list[dict[str, Any]]) -> None:
        pooled, split = placed(rows), placed(rows, by_arm=True)

        assert pooled.contradictions == ()
        assert pooled.total == len(rows)
        assert pooled.adds_up
        assert split.adds_up
        assert pooled.randomized() == sum(row["arm"] is not None for row in rows)
        for arm in "12":
            assert split.randomized(arm) == sum(row["arm"] == arm for row in rows)
        ended.update(row["state"] for row in rows)

    walked()

    assert ended.total() >= 1000
    assert len(ended) >= 15, "walks end in most of the states"


def test_every_state_of_the_protocol_has_a_box() -> None:
    assert {track.value for track in Track} == {track.code for track in TEXT.tracks}
    for track in Track:
        assert sum(repr(track.value) in box.condition for box in BOXES) >= 1, track


@pytest.mark.parametrize(
    ("row", "boxes"),
    [
        ({"state": "DEAD", "arm": "1", "allocated": True, "died": False}, ()),
        ({"state": "SCREENED", "arm": "2", "allocated": True}, ()),
        ({"state": "FOLLOW_UP", "arm": "2", "allocated": False}, ()),
        ({"state": "SCREEN_FAIL"}, ()),
        ({"state": "LOST", "arm": "1", "allocated": True}, ()),
    ],
)
def test_a_planted_inconsistency_is_named(row: dict[str, Any], boxes: tuple[str, ...]) -> None:
    nothing = {
        "arm": None,
        "declined": None,
        "allocated": False,
        "died": False,
        "lost": False,
        "withdrew": False,
    }
    good = {**nothing, "state": "SCREENED"}

    flow = placed([good, {**nothing, **row}, good])

    assert [(each.number, each.boxes) for each in flow.contradictions] == [("01-0002", boxes)]
    assert not flow.adds_up
    assert flow.total == 3


def test_a_state_that_was_changed_behind_the_services_is_named(world: World, everything: None) -> None:
    patients = [screen(world) for _each in range(3)]
    sites = [world.site.pk, world.other_site.pk]
    assert flow_of(sites).adds_up
    with open_act(
        "trials:participant:state", by=None, at=NOW
    ) as act:  # past the services, not past the guards
        Participant.objects.filter(pk=patients[1].pk).update(state=Track.SCREEN_FAIL, act=act)

    flow = flow_of(sites)

    assert [each.number for each in flow.contradictions] == [patients[1].number]
    assert not flow.adds_up
    assert flow.total == Participant.objects.count() == 3

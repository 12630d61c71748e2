"""Whatever day or window an amended text gives a visit, the plan follows it (protocol 2.1 to 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from protocol.history import History
from protocol.loader.schema import Anchoring, VisitRule
from protocol.schedule import PlannedVisit, plan
from protocol.text import ProtocolText, load

CHAPTERS = ("2.1", "2.2", "2.3", "2.4")

TEXT = load("1.0")
RANDOMIZED = date(2024, 6, 3)
TREATED = {
    "ICF": RANDOMIZED - timedelta(10),
    "RAND": RANDOMIZED,
    "NEO_D1": RANDOMIZED + timedelta(7),
    "NEO_END": RANDOMIZED + timedelta(37),
    "LASTDOSE": RANDOMIZED + timedelta(37),
    "LASTCAMRE": RANDOMIZED + timedelta(28),
}
EVALUATED = TREATED | {"CRE1": RANDOMIZED + timedelta(72)}
EVALUATED_TWICE = EVALUATED | {"CRE2": RANDOMIZED + timedelta(114)}
CLEAR = EVALUATED_TWICE | {"CCR": RANDOMIZED + timedelta(114)}
OPERATED = TREATED | {"SURG": RANDOMIZED + timedelta(80)}
ON = date(2025, 6, 1)
HISTORIES = (
    History(as_of=RANDOMIZED - timedelta(5), milestones={"ICF": TREATED["ICF"]}, track="SCREENED"),
    *(History(as_of=ON, arm=arm, milestones={"RAND": RANDOMIZED}) for arm in "12"),
    *(History(as_of=ON, arm=arm, milestones=TREATED) for arm in "12"),
    History(as_of=ON, arm="1", milestones=EVALUATED),
    History(as_of=ON, arm="1", milestones=EVALUATED_TWICE, responses={"CRE1": "clear", "CRE2": "positive"}),
    *(
        History(as_of=ON, arm=arm, milestones=CLEAR, track="SURVEILLANCE", track_since=CLEAR["CCR"])
        for arm in "12"
    ),
    *(
        History(as_of=ON, arm=arm, milestones=OPERATED, track="FOLLOW_UP", track_since=OPERATED["SURG"])
        for arm in "12"
    ),
)


def planned(text: ProtocolText) -> list[tuple[PlannedVisit, ...]]:
    return [plan(text, history) for history in HISTORIES]


BEFORE = planned(TEXT)


def moved(due: Anchoring) -> Iterator[Anchoring]:
    """The same anchoring with one day, week or month more, and with each edge of its window moved."""
    unit = next(name for name in ("days", "weeks", "months") if getattr(due.target, name) is not None)
    yield replace(due, target=replace(due.target, **{unit: getattr(due.target, unit) + 1}))
    for edge in ("opens", "closes", "before", "after"):
        if (days := getattr(due.window, edge)) is not None:
            yield replace(due, window=replace(due.window, **{edge: days + 1}))


def amended(rule: VisitRule) -> Iterator[VisitRule]:
    """The row with one of its numbers changed, each number once."""
    yield from (replace(rule, due=due) for due in moved(rule.due))
    if rule.latest_day is not None:
        yield replace(rule, latest_day=rule.latest_day + 1)
    if rule.every_months is not None:
        yield replace(rule, every_months=rule.every_months + 1)


def with_row(index: int, rule: VisitRule) -> ProtocolText:
    return replace(TEXT, visits=(*TEXT.visits[:index], rule, *TEXT.visits[index + 1 :]))


ROWS = [
    pytest.param(index, other, id=f"{rule.code}-{'/'.join(rule.arms)}-{number}")
    for index, rule in enumerate(TEXT.visits)
    for number, other in enumerate(amended(rule))
]
SWEEP_TARGET = "SWEEP-1/2-0"  # a sweep lies at a multiple of its months, wherever its row aims


@pytest.mark.parametrize(("index", "rule"), ROWS)
def test_a_plan_follows_every_number_of_a_row(
    index: int, rule: VisitRule, request: pytest.FixtureRequest
) -> None:
    follows = planned(with_row(index, rule)) != BEFORE
    assert follows is not (request.node.callspec.id == SWEEP_TARGET)


def test_sweeps_go_on_for_as_long_as_the_text_says() -> None:
    facts = tuple(
        replace(fact, value=72) if fact.code == "follow_up_months_calendar" else fact for fact in TEXT.facts
    )
    longest = [max(visit.code for visit in plan(TEXT, HISTORIES[1]) if visit.series == "sweep")]
    longer = replace(TEXT, facts=facts)
    longest.append(max(visit.code for visit in plan(longer, HISTORIES[1]) if visit.series == "sweep"))
    assert longest == ["SWEEP-60", "SWEEP-72"]

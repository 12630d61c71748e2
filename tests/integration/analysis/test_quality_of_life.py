"""Quality of life as a page: means with those who died or did not answer beside them, by arm only on record."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from analysis.quality_of_life import (
    CONFIDENCE,
    deterioration_lines,
    main_scales,
    model_of,
    scales,
    score_lines,
)
from analysis.reading import DerivedParticipant, derived_at
from audit.models import Act
from exports.cuts import Cut
from followup.services import add_unscheduled_visit
from protocol.quality_bands import AnswerFate
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import LATER, person, randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import quality_of_life as example
from tests.world import World, screen
from trials.models import Participant

CHAPTERS = ("6.5",)
pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]


@pytest.fixture
def pair(world: World, person: Participant, save: Save) -> tuple[Participant, Participant]:
    """Two who were treated; the first answered before treatment and three months after it, the second never."""
    first, second = randomized(person, "1"), randomized(screen(world, signed_on=date(2026, 4, 28)), "2")
    for each in (first, second):
        treated(each, save)
    better = dict.fromkeys(example.ITEMS, "1") | {"q29": "7", "q30": "7"}
    worse = dict.fromkeys(example.ITEMS, "4") | {"q29": "1", "q30": "1"}
    for day, items in ((date(2026, 5, 6), better), (date(2026, 9, 10), worse)):
        answered(world, first, save, day, items)
    return first, second


def answered(world: World, who: Participant, save: Save, day: date, items: dict[str, Any]) -> None:
    with transaction.atomic():
        visit = add_unscheduled_visit(
            participant=who, took_place_on=day, forms=["QOL"], why="Test", by=world.coordinator, at=LATER
        )
    values = {**example.VALUES, **items, "q_done_dt": day}
    save(who, "QOL", values=values, groups={"q_double": []}, visit=visit, at=LATER)


def now_of(world: World) -> list[DerivedParticipant]:
    return list(derived_at(Cut.of_this_snapshot(), {world.site.pk: "01"}))


def test_a_mean_stands_with_those_who_answered_died_or_are_missing(
    world: World, pair: tuple[Participant, Participant]
) -> None:
    lines = {line.label: line for line in score_lines([("All", now_of(world))], "FA")}
    before, month_3, month_36 = lines["Before treatment"], lines["Month 3"], lines["Month 36"]
    assert (before.score.number, before.score.mean, month_3.score.mean) == (1, 0.0, 100.0)
    assert (month_3.fates[AnswerFate.ANSWERED], month_3.fates[AnswerFate.MISSING]) == (1, 1)
    assert month_3.compliance == "50.0 %"
    assert (month_36.fates[AnswerFate.NOT_YET], month_36.compliance) == (2, "–")
    assert all(sum(line.counts) == 2 for line in lines.values())
    assert set(main_scales()) == set(list(scales())[: len(main_scales())])


def test_time_to_deterioration_ends_at_the_worse_score_and_needs_a_baseline(
    world: World, pair: tuple[Participant, Participant]
) -> None:
    lines = {line.scale: line for line in deterioration_lines([("All", now_of(world))])}
    fatigue = lines[scales()["FA"]]
    assert (fatigue.with_baseline, fatigue.without_baseline, fatigue.events) == (1, 1, 1)
    assert fatigue.median.value == pytest.approx((date(2026, 9, 10) - date(2026, 5, 8)).days / 30.4375)
    events = {scale: lines[name].events for scale, name in scales().items() if name in lines}
    # Items of dysphagia ask what one can eat: the same answers say that it is better (setting of its direction).
    assert events == {scale: int(scale != "OESDYS") for scale in main_scales()}


def test_the_model_says_nothing_of_one_arm(world: World, pair: tuple[Participant, Participant]) -> None:
    rows = now_of(world)
    groups = [
        (arm, [row for row in rows if row.facts.number == who.number])
        for arm, who in zip("12", pair, strict=True)
    ]
    model = model_of(groups, "FA")
    assert model.differences == ()
    assert model.because is not None
    assert 0 < CONFIDENCE < 1


def test_pages_by_right_and_each_look_by_arm_on_record(
    world: World, pair: tuple[Participant, Participant], clock: Any
) -> None:
    page = client_of(world.data_manager).get(reverse("analysis:quality-of-life"), {"scale": "FA"})
    assert page.status_code == 200
    assert "50.0 %" in page.text
    assert "<svg" in page.text
    assert "Arm 1" not in page.text
    assert client_of(world.data_manager).get(reverse("analysis:quality-of-life-by-arm")).status_code == 403
    assert client_of(world.monitor).get(reverse("analysis:quality-of-life")).status_code == 403
    assert not Act.objects.filter(verb="analysis:arms:look").exists()
    by_arm = client_of(world.statistician).get(
        reverse("analysis:quality-of-life-by-arm"), {"scale": "nonsense"}
    )
    assert by_arm.status_code == 200
    assert "Arm 2" in by_arm.text
    assert Act.objects.get(verb="analysis:arms:look").by == world.statistician
    file = (
        client_of(world.inspector).get(reverse("analysis:quality-of-life-file")).content.decode("utf-8-sig")
    )
    (row,) = [row for row in csv.DictReader(io.StringIO(file)) if (row["SCALE"], row["MONTH"]) == ("FA", "3")]
    assert (row["N"], row["MEAN"], row["ANSWERED"], row["MISSING"]) == ("1", "100.0000", "1", "1")

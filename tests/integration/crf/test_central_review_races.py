"""Central review on real connections: two at once, a transfer in between, and what a past moment shows (point 5)."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from crf.central_review.cases import ReviewState
from crf.central_review.services import AnsweredBefore
from crf.models import ReviewerAnswer
from exports.cuts import Cut
from exports.listed.central_review import central_review_file
from kernel.errors import Refusal
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_central_review import COD, DIED, OTHER, answer, case, correct
from tests.integration.crf.test_consequences import randomized, screened_on_paper, treated, visit
from tests.integration.followup.test_transfer import accepted, confirm
from tests.races import at_once
from tests.world import World, screen
from trials.models import Participant

CHAPTERS = ("3.13",)
pytestmark = pytest.mark.django_db(transaction=True)


def now() -> Cut:
    with transaction.atomic():
        return Cut.of_this_snapshot()


def past(cut: Cut) -> Cut:
    return Cut(at=cut.at, snapshot=cut.snapshot, last_act=cut.last_act, by_storing=cut.by_storing)


def exported(cut: Cut, site: str) -> list[tuple[Any, ...]]:
    file = central_review_file(past(cut))
    names = [column.header for column in file.columns]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(file.select, {"sites": [site]})
        rows = cursor.fetchall()
    return [tuple(row[names.index(name)] for name in ("ANSWER", "EVALID", "STANDS")) for row in rows]


def test_point_05_two_at_once_a_transfer_and_a_past_moment(
    world: World, everything: None, save: Save
) -> None:
    with transaction.atomic():
        person = screen(world, signed_on=date(2026, 4, 28))
    with transaction.atomic():
        screened_on_paper(person, save)
        treated(randomized(person, "1"), save)
        save(person, "SURV", visit=visit(person, "SWEEP-06"), values=DIED)
    with transaction.atomic():
        seen = case(person).token
    give = transaction.atomic(partial(answer, person, seen=seen))

    # the same reviewer from two pages: one answer
    results = at_once(lambda: give(world.reviewer), lambda: give(world.reviewer))
    assert sorted(type(each) for each in results if isinstance(each, Refusal)) == [AnsweredBefore]
    one = now()
    # two others who press at once: the review took one more answer, and tells the other that it moved on
    results = at_once(lambda: give(world.second_reviewer, OTHER), lambda: give(world.third_reviewer, COD))
    with transaction.atomic():
        rows = list(ReviewerAnswer.objects.order_by("position"))
    assert [row.position for row in rows] == [1, 2]
    assert [row.decides for row in rows] == [False, False]
    assert len([each for each in results if isinstance(each, Refusal)]) == 1
    with transaction.atomic():
        stands = case(person)
    if stands.state == ReviewState.DISAGREES:  # whoever was late decides now, having read both
        with transaction.atomic():
            late = next(
                each
                for each in (world.second_reviewer, world.third_reviewer)
                if each.pk not in [row.reviewer_id for row in rows]
            )
            answer(person, late, COD, comment="The certificate names the heart.")
    settled = now()

    # a transfer takes the answers along, and the review stays settled
    confirm(world, accepted(world, person))
    with transaction.atomic():
        moved = Participant.objects.get(pk=person.pk)
        assert moved.site == world.other_site
        assert case(moved).state == ReviewState.SETTLED
        assert set(ReviewerAnswer.objects.values_list("site_id", flat=True)) == {world.other_site.pk}
        shown = [each.pk for each in case(moved).answers]
    assert shown
    after = now()
    here, there = world.site.code, world.other_site.code
    assert exported(one, here) == exported(one, there) == [], "what one said does not leave before the other"
    told = exported(settled, here) or exported(settled, there)
    assert {each[2] for each in told} == {"Y"}
    assert exported(after, there) == told
    assert exported(after, here) == []

    # the record changes: the moment before shows what stood then
    with transaction.atomic():
        correct_as_other(world, moved, save)
    assert {each[2] for each in exported(now(), there)} == {"N"}
    assert exported(after, there) == told


def correct_as_other(world: World, person: Participant, save: Save) -> None:
    by_other = partial(save, by=world.stranger)
    correct(person, by_other, cod_text="Bleeding from the lung")

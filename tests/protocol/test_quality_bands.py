"""Chapter 6.5: quality of life by time from the end of chemoradiotherapy, with deaths and missing forms beside it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.endpoints import DeathDate, DeathDay
from protocol.facts import ParticipantFacts, QuestionnaireFacts
from protocol.quality_bands import AnswerFate, answer_in, bands_of, fate_in, fates_of, mean_score
from protocol.text import load

CHAPTERS = ("6.5",)
RAND, NEO_D1, NEO_END = date(2025, 1, 1), date(2025, 1, 8), date(2025, 2, 10)
MONTHS = [int(month) for month in load("1.0").setting("qol_months")]  # type: ignore[union-attr]
BANDS = bands_of(MONTHS)
BEFORE, ZERO, THREE, SIX = BANDS[:4]


def facts(*days: int, before: bool = True, cutoff: int = 400, **more: Any) -> ParticipantFacts:
    """Somebody whose questionnaires lie so many days after the end of chemoradiotherapy, each with fatigue 40."""
    on = [*([RAND] if before else []), *(NEO_END + timedelta(days=day) for day in days)]
    told = tuple(QuestionnaireFacts(day, {"FA": Decimal(40 + n)}) for n, day in enumerate(on))
    known: dict[str, Any] = {"neo_d1": NEO_D1, "neo_end": NEO_END, "questionnaires": told, **more}
    return ParticipantFacts("01-0001", RAND, NEO_END + timedelta(days=cutoff), **known)


def died(day: int) -> DeathDate:
    on = NEO_END + timedelta(days=day)
    return DeathDate(on, DeathDay.EXACT, on, on)


def test_bands_follow_each_other_without_a_gap_or_an_overlap() -> None:
    assert [band.month for band in BANDS] == [None, *sorted(MONTHS)]
    later = BANDS[1:]
    assert [band.first_day for band in later[1:]] == [band.last_day + 1 for band in later[:-1]]
    assert later[0].first_day == 0


@pytest.mark.parametrize(
    ("day", "month"),
    # The middle between months 0 and 3 is day 45.66, between 3 and 6 day 136.97.
    [(0, 0), (46, 0), (47, 3), (137, 3), (138, 6), (91, 3)],
)
def test_a_questionnaire_belongs_to_the_nearest_time_point_whatever_its_visit(day: int, month: int) -> None:
    (band,) = [each for each in BANDS[1:] if each.holds(facts(), NEO_END + timedelta(days=day))]
    assert band.month == month


@pytest.mark.parametrize(
    ("person", "fate"),
    [
        (facts(90), AnswerFate.ANSWERED),
        (facts(20), AnswerFate.MISSING),
        (facts(20, cutoff=137), AnswerFate.MISSING),
        (facts(20, cutoff=136), AnswerFate.NOT_YET),
        (facts(90, cutoff=100), AnswerFate.ANSWERED),
        (facts(20, death=died(137)), AnswerFate.DIED),
        (facts(20, death=died(138)), AnswerFate.MISSING),
        (facts(20, death=died(50), cutoff=60), AnswerFate.DIED),
        (facts(90, death=died(100)), AnswerFate.ANSWERED),
        (facts(20, ended_on=NEO_END + timedelta(days=137)), AnswerFate.LEFT),
        (facts(20, ended_on=NEO_END + timedelta(days=138)), AnswerFate.MISSING),
        (facts(neo_end=None), AnswerFate.NO_ORIGIN),
        (facts(neo_end=None, death=died(-10)), AnswerFate.DIED),
    ],
)
def test_at_month_3_everybody_has_one_fate(person: ParticipantFacts, fate: AnswerFate) -> None:
    assert fate_in(person, THREE) is fate


def test_before_treatment_the_last_answer_counts_and_later_the_first() -> None:
    person = facts(60, 90)
    earlier = QuestionnaireFacts(NEO_D1, {"FA": Decimal(7)})
    twice = facts(60, questionnaires=(*person.questionnaires, earlier))
    answer = answer_in(twice, BEFORE)
    assert answer is not None
    assert answer.on == NEO_D1
    later = answer_in(person, THREE)
    assert later is not None
    assert later.on == NEO_END + timedelta(days=60)
    assert fate_in(facts(before=False), BEFORE) is AnswerFate.MISSING
    assert answer_in(facts(900, cutoff=400), BANDS[-2]) is None  # after the cut nothing is known


def test_a_mean_is_of_those_who_answered_and_of_nobody_there_is_none() -> None:
    people = [facts(90), facts(20, 90), facts(20)]
    score = mean_score(people, THREE, "FA")
    assert (score.number, score.mean) == (2, 41.5)
    assert score.deviation == pytest.approx(0.70710678)
    assert score.limits(1.96) == (pytest.approx(41.5 - 0.98), pytest.approx(41.5 + 0.98))
    assert mean_score(people, SIX, "FA").mean is None
    assert mean_score(people[:1], THREE, "FA").limits(1.96) is None
    assert mean_score(people, THREE, "PF2").number == 0


@given(
    st.lists(
        st.builds(
            lambda days, cutoff, death: facts(*days, cutoff=cutoff, death=died(death) if death else None),
            st.lists(st.integers(0, 1200), max_size=4),
            st.integers(1, 1300),
            st.one_of(st.none(), st.integers(1, 1300)),
        ),
        max_size=6,
    )
)
def test_fates_add_up_to_everybody_at_every_time_point(people: list[ParticipantFacts]) -> None:
    for band in BANDS:
        assert sum(fates_of(people, band).values()) == len(people)

"""What holds for the plan of any history at all (protocol 2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocol import states
from protocol.schedule import History, PastVisit, PlannedVisit, Response, WithdrawalScope, next_contact, plan
from protocol.text import load
from protocol.windows import add_months

CHAPTERS = ("2.1", "2.2", "2.3", "2.4")

TEXT = load("1.0")
CHAIN = ("RAND", "NEO_D1", "NEO_END", "CRE1", "CRE2", "CCR", "REGROWTH", "SURG", "DM")
STEPS = {
    "NEO_D1": 14,
    "NEO_END": 45,
    "CRE1": 60,
    "CRE2": 60,
    "CCR": 3,
    "REGROWTH": 900,
    "SURG": 90,
    "DM": 900,
}
# A milestone says that these took place: they stay, even when an end came before their target.
MAY_BE_EARLY = {"SCR", "RND", "N1", "CRE-1", "CRE-2", "SURG-1", "SURG-2"}
AFTER_RANDOMISATION = sorted(
    {track.code for track in TEXT.tracks}
    - {"SCREENED", "SCREEN_FAIL", "WITHDRAWN", "DEAD", "WITHDRAWN_ALL", "COMPLETED"}
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A living, consenting, randomised participant with dates in a possible order."""
    arm = draw(st.sampled_from("12"))
    on = draw(st.dates(date(2024, 5, 1), date(2026, 12, 31)))
    milestones = {"ICF": on - timedelta(draw(st.integers(0, 28))), "RAND": on}
    for code in CHAIN[1 : draw(st.integers(1, len(CHAIN)))]:
        on += timedelta(draw(st.integers(0, STEPS[code])))
        if draw(st.booleans()) or code in ("NEO_D1", "NEO_END"):
            milestones[code] = on
    if "NEO_END" in milestones:
        milestones["LASTDOSE"] = milestones["NEO_END"] + timedelta(draw(st.integers(-5, 5)))
    since = draw(st.none() | st.integers(0, 900).map(lambda days: milestones["RAND"] + timedelta(days)))
    possible = [track for track in AFTER_RANDOMISATION if states.exists_in(TEXT, track, arm)]
    return History(
        as_of=on + timedelta(draw(st.integers(0, 2200))),
        arm=arm,
        milestones=milestones,
        track=draw(st.none() | st.sampled_from(possible)),
        track_since=since,
        responses=draw(st.dictionaries(st.sampled_from(("CRE1", "CRE2")), st.sampled_from(Response))),
        withdrawn=draw(
            st.dictionaries(
                st.sampled_from((WithdrawalScope.DRUG, WithdrawalScope.PROCEDURES, WithdrawalScope.QOL)),
                st.dates(date(2024, 6, 1), date(2028, 1, 1)),
            )
        ),
    )


def happened(draw_from: tuple[PlannedVisit, ...], which: list[int], day: int) -> tuple[PastVisit, ...]:
    """Some of the visits, done some days from their target or (an even index) recorded as not done."""
    chosen = {draw_from[index % len(draw_from)] for index in which}
    return tuple(
        PastVisit(visit, visit.target + timedelta(day) if index % 2 else None)
        for index, visit in enumerate(chosen)
    )


CHOICES = st.lists(st.integers(0, 60), max_size=8)


@given(histories())
def test_planning_twice_changes_nothing(history: History) -> None:
    assert plan(TEXT, history) == plan(TEXT, history)


@given(histories(), CHOICES, st.integers(-20, 20))
def test_a_plan_that_happened_is_planned_again_just_so(history: History, which: list[int], day: int) -> None:
    visits = plan(TEXT, history)
    again = plan(TEXT, replace(history, past=happened(visits, which, day)))
    assert again == visits


@given(histories(), histories(), CHOICES, st.integers(-20, 20))
def test_what_happened_never_moves(before: History, after: History, which: list[int], day: int) -> None:
    past = happened(plan(TEXT, before), which, day)
    visits = plan(TEXT, replace(after, past=past))
    assert {entry.visit for entry in past} <= set(visits)


@given(histories(), CHOICES, st.integers(-20, 20))
def test_every_code_is_planned_once(history: History, which: list[int], day: int) -> None:
    past = happened(plan(TEXT, history), which, day)
    for visits in (plan(TEXT, history), plan(TEXT, replace(history, past=past))):
        assert max(Counter(visit.code for visit in visits).values()) == 1


@given(histories())
def test_windows_of_one_series_never_overlap(history: History) -> None:
    series: dict[str, list[PlannedVisit]] = defaultdict(list)
    for visit in plan(TEXT, history):
        calendar = "months" if visit.series in ("surveillance", "follow-up") else visit.series
        series[calendar].append(visit)
    for visits in series.values():
        for earlier, later in pairwise(visits):
            assert earlier.closes < later.opens


@given(histories())
def test_every_target_and_every_appointment_lies_in_its_window(history: History) -> None:
    for visit in plan(TEXT, history):
        assert visit.opens <= visit.target <= visit.closes
        assert visit.opens <= visit.proposed_on <= visit.closes


@given(histories(), CHOICES, st.integers(-20, 20))
def test_the_living_and_consenting_always_have_a_next_contact(
    history: History, which: list[int], day: int
) -> None:
    visits = plan(TEXT, history)
    past = tuple(entry for entry in happened(visits, which, day) if entry.visit.target <= history.as_of)
    assert next_contact(plan(TEXT, replace(history, past=past)), past=past, as_of=history.as_of) is not None


@given(histories())
def test_month_36_is_always_planned_and_never_early(history: History) -> None:
    visit = next(visit for visit in plan(TEXT, history) if visit.code == "OS36")
    assert visit.target == visit.opens == add_months(history.milestones["RAND"], 36)


@given(histories(), st.integers(0, 1500))
@settings(max_examples=200)
def test_rare_10_nothing_is_to_come_after_death(history: History, days: int) -> None:
    death = max(history.milestones.values()) + timedelta(days)
    dead = replace(history, milestones={**history.milestones, "DEATH": death}, track="DEAD")
    assert all(visit.closes < death or visit.code in MAY_BE_EARLY for visit in plan(TEXT, dead))


@given(histories(), st.integers(0, 1500))
def test_rare_10_nothing_is_to_come_after_withdrawal_from_everything(history: History, days: int) -> None:
    withdrawn = max(history.milestones.values()) + timedelta(days)
    visits = plan(TEXT, replace(history, withdrawn={WithdrawalScope.ALL: withdrawn}))
    assert all(visit.closes < withdrawn or visit.code in MAY_BE_EARLY for visit in visits)


@given(histories())
def test_no_surveillance_visit_after_an_oesophagectomy(history: History) -> None:
    operated = history.milestones.get("SURG", date.max)
    assert all(visit.target <= operated for visit in plan(TEXT, history) if visit.series == "surveillance")


@given(histories())
def test_no_operation_is_planned_once_metastasis_is_known(history: History) -> None:
    metastasis = history.milestones.get("DM", date.max)
    operated = "SURG" in history.milestones or history.track == "NOT_RESECTED"
    for visit in plan(TEXT, history):
        assert visit.series != "surgery" or operated or visit.closes < metastasis


@given(histories())
def test_arms_differ_only_where_the_protocol_says(history: History) -> None:
    codes = {visit.code for visit in plan(TEXT, history)}
    assert not codes & ({"RST", "SURG-2"} if history.arm == "1" else {"CRE-1", "CRE-2", "SF90"})


@given(histories(), st.sampled_from(("WITHDRAWN_ALL", "DEAD", "COMPLETED", "LOST")), st.integers(0, 2000))
@settings(max_examples=300)
def test_rare_10_an_ending_takes_visits_away_and_never_adds_one(history, ending, day):
    """What is planned until the end follows from the track that was left: no operation appears in the past."""
    assume(history.track not in (None, "LOST"))
    ended_on = history.milestones["RAND"] + timedelta(day)
    ended = replace(
        history, track=ending, track_since=ended_on, track_left=history.track, left_since=history.track_since
    )
    before = {visit.code: (visit.opens, visit.closes, visit.reason) for visit in plan(TEXT, history)}
    after = {visit.code: (visit.opens, visit.closes, visit.reason) for visit in plan(TEXT, ended)}
    assert after.items() <= before.items()

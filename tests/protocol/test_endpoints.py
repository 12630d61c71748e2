"""Chapters 3.13 and 6: ages, deaths, and the endpoints as tables of histories."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import endpoints
from protocol.endpoints import (
    AnalysisHistory,
    DeathDate,
    DeathDay,
    Definition,
    DiseaseEvent,
    DiseaseFinding,
    Mortality,
    Operation,
    Resected,
    TimeToEvent,
)

CHAPTERS = ("3.10", "3.13", "6.1", "6.2", "6.3", "6.5")

RAND = date(2025, 1, 1)


def on(days: int) -> date:
    return RAND + timedelta(days=days)


@pytest.mark.parametrize(
    ("birth", "day", "possible", "age"),
    [
        ("1960-06-15", date(2025, 6, 14), (64, 64), 64),
        ("1960-06-15", date(2025, 6, 15), (65, 65), 65),
        (date(1960, 2, 29), date(2025, 2, 28), (64, 64), 64),
        (date(1960, 2, 29), date(2025, 3, 1), (65, 65), 65),
        ("1960-06", date(2025, 6, 15), (64, 65), None),
        ("1960-06", date(2025, 7, 1), (65, 65), 65),
        ("1960", date(2025, 6, 15), (64, 65), None),
        ("1960", date(2025, 12, 31), (65, 65), 65),
        ("2030", date(2025, 6, 15), None, None),
        ("2025-06-15", date(2025, 6, 15), (0, 0), 0),
        (None, date(2025, 6, 15), None, None),
    ],
)
def test_age(birth: object, day: date, possible: tuple[int, int] | None, age: int | None) -> None:
    assert endpoints.age_range_on(birth, day) == possible
    assert endpoints.age_on(birth, day) == age


def test_last_proof_of_life() -> None:
    assert endpoints.last_alive([on(3), None, on(90), on(8)]) == on(90)
    assert endpoints.last_alive([on(3), on(90)], cutoff=on(89)) == on(3)
    assert endpoints.last_alive([on(3), on(90)], cutoff=on(90)) == on(90)
    assert endpoints.last_alive([None]) is None


@pytest.mark.parametrize(
    ("recorded", "alive", "death"),
    [
        (None, None, None),
        ("2026-03-09", None, DeathDate(date(2026, 3, 9), DeathDay.EXACT)),
        ("2026-03", None, DeathDate(date(2026, 3, 15), DeathDay.DAY_IMPUTED)),
        ("2026-03", date(2026, 2, 1), DeathDate(date(2026, 3, 15), DeathDay.DAY_IMPUTED)),
        ("2026-03", date(2026, 3, 20), DeathDate(date(2026, 3, 20), DeathDay.DAY_IMPUTED)),
        ("2026-03", date(2026, 3, 31), DeathDate(date(2026, 3, 31), DeathDay.DAY_IMPUTED)),
        ("2026-03-09", date(2026, 3, 9), DeathDate(date(2026, 3, 9), DeathDay.EXACT)),
        ("2026-03", date(2026, 4, 1), DeathDate(None, DeathDay.BEFORE_LAST_ALIVE)),
        ("2026-03-09", date(2026, 3, 10), DeathDate(date(2026, 3, 9), DeathDay.BEFORE_LAST_ALIVE)),
        ("2026", date(2026, 3, 20), DeathDate(None, DeathDay.MONTH_UNKNOWN)),
    ],
)
def test_the_day_of_death_for_analysis(recorded: object, alive: date | None, death: DeathDate | None) -> None:
    assert endpoints.death_day(recorded, last_alive_on=alive) == death


@pytest.mark.parametrize(
    ("death", "alive", "time"),
    [
        (DeathDate(on(400), DeathDay.EXACT), on(390), TimeToEvent(400, True, on(400), "death")),
        (DeathDate(on(1000), DeathDay.EXACT), on(990), TimeToEvent(1000, True, on(1000), "death")),
        (DeathDate(on(1001), DeathDay.EXACT), on(990), TimeToEvent(990, False, on(990), "last_alive")),
        (DeathDate(None, DeathDay.MONTH_UNKNOWN), on(390), TimeToEvent(None, True, None, "month_unknown")),
        (None, on(390), TimeToEvent(390, False, on(390), "last_alive")),
        (None, on(2000), TimeToEvent(1000, False, on(1000), "data_cut")),
        (None, None, TimeToEvent(0, False, RAND, "last_alive")),
        (None, on(-3), TimeToEvent(0, False, RAND, "last_alive")),
    ],
)
def test_overall_survival(death: DeathDate | None, alive: date | None, time: TimeToEvent) -> None:
    assert endpoints.overall_survival(rand=RAND, cutoff=on(1000), death=death, last_alive_on=alive) == time


@pytest.mark.parametrize(
    ("recorded", "rand", "time"),
    [
        ("2027", RAND, TimeToEvent(None, True, None, "month_unknown")),  # the cut is on 2027-09-28
        ("2028", RAND, TimeToEvent(390, False, on(390), "last_alive")),
        ("2027-10", RAND, TimeToEvent(390, False, on(390), "last_alive")),
        ("2026-03", RAND, TimeToEvent(438, True, date(2026, 3, 15), "death")),
        ("2026-03", date(2026, 3, 20), TimeToEvent(0, True, date(2026, 3, 20), "death")),
    ],
)
def test_a_death_that_is_partly_known(recorded: str, rand: date, time: TimeToEvent) -> None:
    death = endpoints.death_day(recorded)
    survived = endpoints.overall_survival(rand=rand, cutoff=on(1000), death=death, last_alive_on=on(390))
    assert survived == time


def test_time_in_months() -> None:
    assert TimeToEvent(1096, True, None, "death").months == pytest.approx(36.008, abs=0.001)
    assert TimeToEvent(None, True, None, "month_unknown").months is None


def found(
    finding: DiseaseFinding, proven: int | None, suspected: int | None = None, controlled: int | None = None
) -> DiseaseEvent:
    days = (None if day is None else on(day) for day in (proven, suspected, controlled))
    return DiseaseEvent(finding, *days)


def operated(day: int, resected: Resected = Resected.R0) -> Operation:
    return Operation(on(day), resected)


def history(*findings: DiseaseEvent, **known: object) -> AnalysisHistory:
    days = {name: on(day) for name, day in known.items() if isinstance(day, int)}
    rest = {name: value for name, value in known.items() if not isinstance(value, int)}
    return AnalysisHistory(**({"rand": RAND, "cutoff": on(1500), "findings": findings} | days | rest))


LOCAL, DISTANT = DiseaseFinding.LOCOREGIONAL, DiseaseFinding.DISTANT
CLEAR = tuple(on(day) for day in (80, 180, 270, 365))
CCR = 110

# A history, then the day and cause of the event under DFS-A, DFS-B and PFS-S (days from their own
# origin); a negative day is a censoring on that day; None: not in the set.
DISEASE = [
    ("nothing happened, never assessed", history(), (0, None), (0, None), None),
    ("clear assessments", history(ccr=CCR, clear_assessments=CLEAR), (-365, None), (-365, None), (-255, None)),
    ("death", history(ccr=CCR, death=500, clear_assessments=CLEAR), (500, "death"), (500, "death"), (390, "death")),
    ("death after the cut", history(ccr=CCR, death=1501, clear_assessments=CLEAR),
     (-365, None), (-365, None), (-255, None)),
    ("distant", history(found(DISTANT, 300), ccr=CCR, death=500),
     (300, "distant"), (300, "distant"), (190, "distant")),
    ("only suspected", history(found(DISTANT, None, 300), ccr=CCR, clear_assessments=CLEAR),
     (-365, None), (-365, None), (-255, None)),
    ("regrowth removed R0 in time",
     history(found(LOCAL, 300), ccr=CCR, operations=(operated(390),), clear_assessments=CLEAR),
     (-365, None), (300, "locoregional"), (190, "locoregional")),
    ("regrowth removed R0 too late", history(found(LOCAL, 300), ccr=CCR, operations=(operated(391),)),
     (300, "locoregional"), (300, "locoregional"), (190, "locoregional")),
    ("regrowth never removed", history(found(LOCAL, 300), ccr=CCR),
     (300, "locoregional"), (300, "locoregional"), (190, "locoregional")),
    ("regrowth still removable at the cut", history(found(LOCAL, 300), ccr=CCR, cutoff=390, clear_assessments=CLEAR),
     (-365, None), (300, "locoregional"), (190, "locoregional")),
    ("regrowth no longer removable at the cut", history(found(LOCAL, 300), ccr=CCR, cutoff=391),
     (300, "locoregional"), (300, "locoregional"), (190, "locoregional")),
    ("regrowth, salvage R1", history(found(LOCAL, 300), ccr=CCR, operations=(operated(330, Resected.R1),)),
     (330, "not_r0"), (300, "locoregional"), (190, "locoregional")),
    ("regrowth, explored only", history(found(LOCAL, 300), ccr=CCR, operations=(operated(330, Resected.NOT_RESECTED),)),
     (330, "not_r0"), (300, "locoregional"), (190, "locoregional")),
    ("regrowth, surgery refused", history(found(LOCAL, 300), found(DiseaseFinding.NOT_RESECTABLE, 320), ccr=CCR),
     (320, "not_resectable"), (300, "locoregional"), (190, "locoregional")),
    ("regrowth, then distant before surgery", history(found(LOCAL, 300), found(DISTANT, 320), ccr=CCR),
     (320, "distant"), (300, "locoregional"), (190, "locoregional")),
    ("regrowth, then death before surgery", history(found(LOCAL, 300), ccr=CCR, death=340),
     (340, "death"), (300, "locoregional"), (190, "locoregional")),
    ("recurrence after salvage R0", history(found(LOCAL, 300), found(LOCAL, 600), ccr=CCR, operations=(operated(330),)),
     (600, "locoregional"), (300, "locoregional"), (190, "locoregional")),
    ("recurrence after salvage R0, near the cut",
     history(found(LOCAL, 600), ccr=CCR, cutoff=610, operations=(operated(330),)),
     (600, "locoregional"), (600, "locoregional"), (490, "locoregional")),
    ("recurrence near the cut after an exploration only counts the exploration",
     history(found(LOCAL, 600), cutoff=610, operations=(operated(330, Resected.NOT_RESECTED),)),
     (330, "not_r0"), (330, "not_r0"), None),
    ("regrowth on the day of the declared response", history(found(LOCAL, CCR), ccr=CCR, operations=(operated(150),)),
     (0, None), (CCR, "locoregional"), (0, "locoregional")),
    ("event on the day of the cut", history(found(DISTANT, 300), ccr=CCR, cutoff=300),
     (300, "distant"), (300, "distant"), (190, "distant")),
    ("assessed on the day of the cut",
     history(cutoff=180, clear_assessments=CLEAR[:2]), (-180, None), (-180, None), None),
    ("residue removed R0", history(found(LOCAL, 70), operations=(operated(100),), clear_assessments=CLEAR),
     (-365, None), (-365, None), None),
    ("residue removed R2", history(found(LOCAL, 70), operations=(operated(100, Resected.R2),)),
     (100, "not_r0"), (100, "not_r0"), None),
    ("residue proven by the operation itself", history(found(LOCAL, 100), operations=(operated(100),)),
     (0, None), (0, None), None),
    ("arm 2, recurrence", history(found(LOCAL, 400), operations=(operated(80),)),
     (400, "locoregional"), (400, "locoregional"), None),
    ("progression before surgery", history(found(DiseaseFinding.NEOADJUVANT_PROGRESSION, 40)),
     (40, "neoadjuvant_progression"), (40, "neoadjuvant_progression"), None),
    ("second primary", history(found(DiseaseFinding.SECOND_PRIMARY, 300), ccr=CCR, clear_assessments=CLEAR),
     (-365, None), (-365, None), (-255, None)),
    ("proven after the cut", history(found(DISTANT, 300), ccr=CCR, cutoff=299, clear_assessments=CLEAR[:2]),
     (-180, None), (-180, None), (-70, None)),
]  # fmt: skip


@pytest.mark.parametrize("case", DISEASE, ids=lambda case: case[0])
def test_disease_free_survival(case: tuple) -> None:
    _name, known, *expected = case
    for definition, day_and_cause in zip(Definition, expected, strict=True):
        time = endpoints.disease_free_survival(known, definition)
        if day_and_cause is None:
            assert time is None, definition
            continue
        day, because = day_and_cause
        assert time is not None
        assert (time.days, time.event) == (abs(day), because is not None), definition
        assert time.because == (because or "last_clear_assessment"), definition


def test_the_strategy_definition_is_the_default() -> None:
    known = history(found(LOCAL, 300), ccr=CCR, operations=(operated(330),), clear_assessments=CLEAR)
    assert endpoints.disease_free_survival(known) == TimeToEvent(365, False, on(365), "last_clear_assessment")


def test_sensitivity_by_suspicion() -> None:
    known = history(found(DISTANT, 300, 280))
    by_suspicion = endpoints.disease_free_survival(known, by_suspicion=True)
    assert by_suspicion == TimeToEvent(280, True, on(280), "distant")
    never_suspected = history(found(DISTANT, 300))
    assert endpoints.disease_free_survival(never_suspected, by_suspicion=True).days == 300
    not_yet_proven = history(found(DISTANT, 300, 280), cutoff=290)
    assert endpoints.disease_free_survival(not_yet_proven, by_suspicion=True).event is False


def test_sensitivity_with_second_primaries() -> None:
    known = history(found(DiseaseFinding.SECOND_PRIMARY, 300))
    assert endpoints.disease_free_survival(known, second_primary_counts=True).because == "second_primary"


@pytest.mark.parametrize(
    ("missed", "days", "event"),
    [
        ((200,), 500, True),
        ((200, 300), 180, False),
        ((100, 300), 500, True),
        ((180, 300), 500, True),
        ((300, 500), 500, True),
    ],
)
def test_sensitivity_for_missed_assessments(missed: tuple[int, ...], days: int, event: bool) -> None:
    known = history(
        found(DISTANT, 500), clear_assessments=CLEAR[:2], missed_assessments=tuple(on(day) for day in missed)
    )
    time = endpoints.disease_free_survival(known, censor_after_missed=2)
    assert (time.days, time.event) == (days, event)


@pytest.mark.parametrize(
    ("known", "time"),
    [
        (history(operations=(operated(300),), death=400), TimeToEvent(300, True, on(300), "oesophagectomy")),
        (
            history(operations=(operated(300, Resected.R2),)),
            TimeToEvent(300, True, on(300), "oesophagectomy"),
        ),
        (
            history(operations=(operated(300, Resected.NOT_RESECTED),), death=400),
            TimeToEvent(400, True, on(400), "death"),
        ),
        (
            history(operations=(operated(300),), cutoff=299, last_alive=350),
            TimeToEvent(299, False, on(299), "last_alive"),
        ),
        (history(operations=(operated(300),), cutoff=300), TimeToEvent(300, True, on(300), "oesophagectomy")),
        (history(last_alive=700), TimeToEvent(700, False, on(700), "last_alive")),
        (history(), TimeToEvent(0, False, RAND, "last_alive")),
    ],
)
def test_oesophagectomy_free_survival(known: AnalysisHistory, time: TimeToEvent) -> None:
    assert endpoints.oesophagectomy_free_survival(known) == time


@pytest.mark.parametrize(
    ("known", "preserved"),
    [
        (history(last_alive=366), True),
        (history(last_alive=365), None),
        (history(last_alive=900, cutoff=365), None),
        (history(), None),
        (history(death=350, last_alive=340, cutoff=300), None),  # not known yet at the cut
        (history(operations=(operated(350),), last_alive=900, cutoff=300), None),
        (history(found(LOCAL, 350), last_alive=900, cutoff=300), None),
        (history(found(LOCAL, 250, controlled=350), last_alive=900, cutoff=300), False),
        (history(death=300, last_alive=290, cutoff=300), False),
        (history(death=366), False),
        (history(death=367, last_alive=367), True),
        (history(operations=(operated(300),), last_alive=900), False),
        (history(operations=(operated(366),), last_alive=900), False),
        (history(operations=(operated(400),), last_alive=900), True),
        (history(found(LOCAL, 366), last_alive=900), False),
        (history(found(LOCAL, 300, controlled=366), last_alive=900), True),
        (history(operations=(operated(300, Resected.NOT_RESECTED),), last_alive=900), True),
        (history(found(LOCAL, 300), last_alive=900), False),
        (history(found(DiseaseFinding.NOT_RESECTABLE, 300), last_alive=900), False),
        (history(found(LOCAL, None, 300), last_alive=900), True),
        (history(found(LOCAL, 400), last_alive=900), True),
        (history(found(LOCAL, 300, controlled=340), last_alive=900), True),
        (history(found(LOCAL, 300, controlled=400), last_alive=900), False),
        (history(found(DISTANT, 300), last_alive=900), True),
    ],
)
def test_organ_preserved_at_12_months(known: AnalysisHistory, preserved: bool | None) -> None:
    assert endpoints.organ_preserved(known, at_months=12) is preserved


@pytest.mark.parametrize(
    ("death", "alive", "within"),
    [(0, None, True), (30, None, True), (31, None, False), (-1, None, False), (None, 30, False), (None, 29, None),
     (None, None, None)],
)  # fmt: skip
def test_death_within_30_days(death: int | None, alive: int | None, within: bool | None) -> None:
    days = [None if day is None else on(day) for day in (death, alive)]
    assert endpoints.died_within(30, RAND, death=days[0], last_alive_on=days[1]) is within


@pytest.mark.parametrize(
    ("death", "discharge", "alive", "mortality"),
    [
        (0, None, None, Mortality(True, True, True)),
        (10, None, None, Mortality(True, True, True)),
        (45, 45, None, Mortality(False, True, True)),
        (45, 20, None, Mortality(False, True, False)),
        (31, None, None, Mortality(False, True, True)),
        (90, None, None, Mortality(False, True, True)),
        (91, None, None, Mortality(False, False, True)),
        (None, 14, 40, Mortality(False, None, False)),
        (None, None, 10, Mortality(None, None, None)),
    ],
)
def test_perioperative_mortality(
    death: int | None, discharge: int | None, alive: int | None, mortality: Mortality
) -> None:
    days = [None if day is None else on(day) for day in (death, discharge, alive)]
    found = endpoints.perioperative_mortality(
        surgery=RAND, death=days[0], discharge=days[1], last_alive_on=days[2]
    )
    assert found == mortality


def test_without_surgery_there_is_no_perioperative_mortality() -> None:
    assert endpoints.perioperative_mortality(surgery=None, death=on(3)) == Mortality(None, None, None)


DAYS = st.integers(1, 2000)
HISTORIES = st.builds(
    lambda findings, operations, death, ccr, clear: history(
        *findings, operations=tuple(operations), clear_assessments=tuple(map(on, clear)), death=death, ccr=ccr
    ),
    st.lists(st.builds(found, st.sampled_from(list(DiseaseFinding)), st.one_of(st.none(), DAYS)), max_size=4),
    st.lists(st.builds(operated, DAYS, st.sampled_from(list(Resected))), max_size=2),
    st.one_of(st.none(), DAYS),
    st.one_of(st.none(), DAYS),
    st.lists(DAYS, max_size=5),
)


@given(HISTORIES)
def test_the_strict_definition_never_ends_later_than_the_strategy(known: AnalysisHistory) -> None:
    strategy = endpoints.disease_free_survival(known, Definition.STRATEGY)
    strict = endpoints.disease_free_survival(known, Definition.STRICT)
    assert strategy is not None
    assert strict is not None
    assert strict.days is not None
    assert strict.days >= 0
    if strategy.event:
        assert strict.event
        assert strict.days <= (strategy.days or 0)

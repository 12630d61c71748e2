"""Chapters 3.13 and 6: ages, deaths, and the endpoints as tables of histories."""

from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import endpoints
from protocol.endpoints import (
    Admission,
    AnalysisHistory,
    DeathBound,
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
from protocol.text import load

CHAPTERS = ("3.10", "3.13", "6.1", "6.2", "6.3", "6.5")

RAND = date(2025, 1, 1)
REMOVED_WITHIN = timedelta(days=load("1.0").setting("salvage_r0_within_days"))
disease_free_survival = partial(endpoints.disease_free_survival, removed_within=REMOVED_WITHIN)


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


def exact(day: int | None) -> DeathDate | None:
    return None if day is None else endpoints.death_day(on(day))


@pytest.mark.parametrize(
    ("recorded", "alive", "reported", "day", "known"),
    [
        ("2026-03-09", None, None, date(2026, 3, 9), DeathDay.EXACT),
        ("2026-03-09", date(2026, 3, 9), date(2026, 3, 9), date(2026, 3, 9), DeathDay.EXACT),
        ("2026-03", None, None, date(2026, 3, 15), DeathDay.DAY_IMPUTED),
        ("2026-03", date(2026, 2, 1), date(2026, 4, 2), date(2026, 3, 15), DeathDay.DAY_IMPUTED),
        ("2026-03", date(2026, 3, 20), None, date(2026, 3, 20), DeathDay.DAY_IMPUTED),
        ("2026-03", date(2026, 3, 31), None, date(2026, 3, 31), DeathDay.DAY_IMPUTED),
        ("2026-03", None, date(2026, 3, 3), date(2026, 3, 3), DeathDay.DAY_IMPUTED),
        ("2026-03", date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 3), DeathDay.DAY_IMPUTED),
        ("2026-03", date(2026, 3, 20), date(2026, 3, 20), date(2026, 3, 20), DeathDay.DAY_IMPUTED),
        ("2026-03", date(2026, 4, 1), None, None, DeathDay.BEFORE_LAST_ALIVE),
        ("2026-03", date(2026, 3, 20), date(2026, 3, 19), None, DeathDay.BEFORE_LAST_ALIVE),
        ("2026-03-09", date(2026, 3, 10), None, date(2026, 3, 9), DeathDay.BEFORE_LAST_ALIVE),
        ("2026-03", None, date(2026, 2, 28), None, DeathDay.AFTER_REPORT),
        ("2026-03-09", None, date(2026, 3, 8), date(2026, 3, 9), DeathDay.AFTER_REPORT),
        ("2026", date(2026, 3, 20), None, None, DeathDay.MONTH_UNKNOWN),
    ],
)
def test_the_day_of_death_for_analysis(
    recorded: str, alive: date | None, reported: date | None, day: date | None, known: DeathDay
) -> None:
    death = endpoints.death_day(recorded, last_alive_on=alive, reported_on=reported)
    assert death is not None
    assert (death.on, death.known) == (day, known)


def test_no_death_is_recorded() -> None:
    assert endpoints.death_day(None) is None


@given(
    st.sampled_from(["2026-03", "2026-02", "2026", "2026-03-17"]),
    st.one_of(st.none(), st.dates(date(2025, 6, 1), date(2027, 6, 1))),
    st.one_of(st.none(), st.dates(date(2025, 6, 1), date(2027, 6, 1))),
)
def test_point_16_an_imputed_day_lies_between_the_last_life_and_the_report(
    recorded: str, alive: date | None, reported: date | None
) -> None:
    death = endpoints.death_day(recorded, last_alive_on=alive, reported_on=reported)
    assert death is not None
    assert death.earliest <= death.latest
    if death.known is DeathDay.DAY_IMPUTED:
        assert death.on is not None
        assert (alive or death.on) <= death.on <= (reported or death.on)
        assert death.earliest <= death.on <= death.latest
    if death.known in (DeathDay.DAY_IMPUTED, DeathDay.MONTH_UNKNOWN, DeathDay.EXACT):
        assert (alive or death.earliest) <= death.earliest
        assert death.latest <= (reported or death.latest)


YEAR_ONLY = endpoints.death_day("2026", last_alive_on=date(2026, 3, 20))
PROVES_LIFE = TimeToEvent(1000, False, on(1000), "death_after_cut")


@pytest.mark.parametrize(
    ("death", "alive", "time"),
    [
        (exact(400), on(390), TimeToEvent(400, True, on(400), "death")),
        (exact(1000), on(990), TimeToEvent(1000, True, on(1000), "death")),
        (None, on(390), TimeToEvent(390, False, on(390), "last_alive")),
        (None, on(2000), TimeToEvent(1000, False, on(1000), "data_cut")),
        (None, None, TimeToEvent(0, False, RAND, "last_alive")),
        (None, on(-3), TimeToEvent(0, False, RAND, "last_alive")),
    ],
)
def test_overall_survival(death: DeathDate | None, alive: date | None, time: TimeToEvent) -> None:
    assert endpoints.overall_survival(rand=RAND, cutoff=on(1000), death=death, last_alive_on=alive) == time


@pytest.mark.parametrize("death", [exact(1001), endpoints.death_day("2028"), endpoints.death_day("2027-10")])
@pytest.mark.parametrize("bound", DeathBound)
def test_point_16_a_death_after_the_cut_is_censored_at_the_cut(death: DeathDate, bound: DeathBound) -> None:
    survived = endpoints.overall_survival(
        rand=RAND, cutoff=on(1000), death=death, last_alive_on=on(760), bound=bound
    )
    assert survived == PROVES_LIFE


@pytest.mark.parametrize(
    ("recorded", "rand", "first", "last"),
    [
        ("2026", RAND, (444, "month_unknown"), (729, "month_unknown")),  # from the last proof of life
        ("2027", RAND, (730, "month_unknown"), (1000, None)),  # the cut is on 2027-09-28: it may be later
        ("2026-03", RAND, (444, "death"), (444, "death")),
        ("2026-03", date(2026, 3, 25), (0, "death"), (0, "death")),
    ],
)
def test_point_16_a_death_known_in_part_enters_by_its_bounds(
    recorded: str, rand: date, first: tuple[int, str], last: tuple[int, str | None]
) -> None:
    death = endpoints.death_day(recorded, last_alive_on=date(2026, 3, 21))
    for bound, (days, because) in zip(DeathBound, (first, last), strict=True):
        time = endpoints.overall_survival(rand=rand, cutoff=on(1000), death=death, bound=bound)
        assert (time.days, time.event) == (days, because is not None)
        assert time.because == (because or "death_after_cut")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2026", "2026-07", "2027", "2026-11-02"]), st.dates(RAND, date(2026, 1, 1))
        ),
        min_size=1,
        max_size=8,
    )
)
def test_point_16_no_death_stops_a_survival_curve(deaths: list[tuple[str, date]]) -> None:
    curves = {
        bound: endpoints.kaplan_meier(
            (time.days, time.event)
            for recorded, rand in deaths
            for time in [
                endpoints.overall_survival(
                    rand=rand, cutoff=on(900), death=endpoints.death_day(recorded), bound=bound
                )
            ]
        )
        for bound in DeathBound
    }
    early, late = (curves[bound] for bound in DeathBound)
    for day in (365, 700, 900):
        if (first := early.rate_at(day)) and (last := late.rate_at(day)):
            assert first.survival <= last.survival + 1e-12


def test_time_in_months() -> None:
    assert TimeToEvent(1096, True, None, "death").months == pytest.approx(36.008, abs=0.001)


def found(
    finding: DiseaseFinding,
    proven: int | None,
    suspected: int | None = None,
    controlled: int | None = None,
    endoscopic_r0: int | None = None,
) -> DiseaseEvent:
    days = (None if day is None else on(day) for day in (proven, suspected, controlled, endoscopic_r0))
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
     (-390, None), (300, "locoregional"), (190, "locoregional")),
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
    ("regrowth removed by endoscopy R0 in time",
     history(found(LOCAL, 300, endoscopic_r0=390), ccr=CCR, clear_assessments=CLEAR),
     (-365, None), (300, "locoregional"), (190, "locoregional")),
    ("regrowth removed by endoscopy R0 too late", history(found(LOCAL, 300, endoscopic_r0=391), ccr=CCR),
     (300, "locoregional"), (300, "locoregional"), (190, "locoregional")),
    ("regrowth cleared by radiotherapy is not removed", history(found(LOCAL, 300, controlled=330), ccr=CCR),
     (300, "locoregional"), (300, "locoregional"), (190, "locoregional")),
    ("recurrence after an R0 operation counts, endoscopy or not",
     history(found(LOCAL, 400, endoscopic_r0=410), operations=(operated(80),)),
     (400, "locoregional"), (400, "locoregional"), None),
    ("operated R0 and never seen again", history(operations=(operated(80),)), (-80, None), (-80, None), None),
    ("operated R1 is no assessment without disease", history(operations=(operated(80, Resected.R1),)),
     (80, "not_r0"), (80, "not_r0"), None),
    ("regrowth on the day of the declared response", history(found(LOCAL, CCR), ccr=CCR, operations=(operated(150),)),
     (-150, None), (CCR, "locoregional"), (0, "locoregional")),
    ("event on the day of the cut", history(found(DISTANT, 300), ccr=CCR, cutoff=300),
     (300, "distant"), (300, "distant"), (190, "distant")),
    ("assessed on the day of the cut",
     history(cutoff=180, clear_assessments=CLEAR[:2]), (-180, None), (-180, None), None),
    ("residue removed R0", history(found(LOCAL, 70), operations=(operated(100),), clear_assessments=CLEAR),
     (-365, None), (-365, None), None),
    ("residue removed R2", history(found(LOCAL, 70), operations=(operated(100, Resected.R2),)),
     (100, "not_r0"), (100, "not_r0"), None),
    ("residue proven by the operation itself", history(found(LOCAL, 100), operations=(operated(100),)),
     (-100, None), (-100, None), None),
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
def test_point_16_disease_free_survival(case: tuple) -> None:
    _name, known, *expected = case
    for definition, day_and_cause in zip(Definition, expected, strict=True):
        time = disease_free_survival(known, definition)
        if day_and_cause is None:
            assert time is None, definition
            continue
        day, because = day_and_cause
        assert time is not None
        assert (time.days, time.event) == (abs(day), because is not None), definition
        assert time.because == (because or "last_clear_assessment"), definition


def test_days_to_removal_are_those_of_the_text() -> None:
    known = history(found(LOCAL, 300), ccr=CCR, operations=(operated(330),), clear_assessments=CLEAR)
    assert not disease_free_survival(known).event
    assert not disease_free_survival(known, removed_within=timedelta(days=30)).event
    late = disease_free_survival(known, removed_within=timedelta(days=29))
    assert (late.event, late.days) == (True, 300)


def test_the_strategy_definition_is_the_default() -> None:
    known = history(found(LOCAL, 300), ccr=CCR, operations=(operated(330),), clear_assessments=CLEAR)
    assert disease_free_survival(known) == TimeToEvent(365, False, on(365), "last_clear_assessment")


def test_sensitivity_by_suspicion() -> None:
    known = history(found(DISTANT, 300, 280))
    by_suspicion = disease_free_survival(known, by_suspicion=True)
    assert by_suspicion == TimeToEvent(280, True, on(280), "distant")
    never_suspected = history(found(DISTANT, 300))
    assert disease_free_survival(never_suspected, by_suspicion=True).days == 300
    not_yet_proven = history(found(DISTANT, 300, 280), cutoff=290)
    assert disease_free_survival(not_yet_proven, by_suspicion=True).event is False


def test_sensitivity_with_second_primaries() -> None:
    known = history(found(DiseaseFinding.SECOND_PRIMARY, 300))
    assert disease_free_survival(known, second_primary_counts=True).because == "second_primary"


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
    time = disease_free_survival(known, censor_after_missed=2)
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
        (history(last_alive=700, death=1501), TimeToEvent(1500, False, on(1500), "last_alive")),
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
        # There at the cut, and it may still be cleared by month 12: not known, as for a death after the cut.
        (history(found(LOCAL, 250, controlled=350), last_alive=900, cutoff=300), None),
        (history(found(LOCAL, 250, controlled=370), last_alive=900, cutoff=366), False),
        (history(death=300, last_alive=290, cutoff=300), False),
        (history(death=366), False),
        (history(death=367, last_alive=367), True),
        (history(death=367, last_alive=340), True),  # a death proves life until then
        (history(found(LOCAL, 300, endoscopic_r0=366), last_alive=900), True),
        (history(found(LOCAL, 300, endoscopic_r0=367), last_alive=900), False),
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
    last_alive = None if alive is None else on(alive)
    assert endpoints.died_within(30, RAND, death=exact(death), last_alive_on=last_alive) is within


@pytest.mark.parametrize(
    ("recorded", "alive", "reported", "within_30", "within_90"),
    [
        (
            "2025-06",
            date(2025, 5, 20),
            None,
            None,
            True,
        ),  # operated on 10 May: 1 to 9 June are within 30 days
        ("2025-06", date(2025, 6, 10), None, False, True),
        ("2025-06", date(2025, 5, 20), date(2025, 6, 9), True, True),
        ("2025-05", date(2025, 5, 10), None, True, True),
        ("2025-08", date(2025, 5, 20), None, False, None),
        ("2025-09", date(2025, 5, 20), None, False, False),
        ("2025", date(2025, 5, 20), None, None, None),
        ("2025", date(2025, 5, 20), date(2025, 6, 1), True, True),
        ("2026", date(2025, 5, 20), None, False, False),
    ],
)
def test_point_16_mortality_is_unknown_unless_every_possible_day_agrees(
    recorded: str, alive: date, reported: date | None, within_30: bool | None, within_90: bool | None
) -> None:
    death = endpoints.death_day(recorded, last_alive_on=alive, reported_on=reported)
    known = endpoints.perioperative_mortality(
        [Admission(date(2025, 5, 10))], death=death, last_alive_on=alive
    )
    assert (known.within_30_days, known.within_90_days) == (within_30, within_90)


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
    discharged, last_alive = (None if day is None else on(day) for day in (discharge, alive))
    known = endpoints.perioperative_mortality(
        [Admission(RAND, discharged)], death=exact(death), last_alive_on=last_alive
    )
    assert known == mortality


@pytest.mark.parametrize(
    ("operations", "death", "mortality"),
    [
        (((0, 12), (300, None)), 310, Mortality(True, True, True)),  # explored, then resected
        (((0, 12), (300, 320)), 310, Mortality(True, True, True)),
        (((0, 12), (300, 308)), 395, Mortality(False, False, False)),
        (((0, None), (300, 308)), None, Mortality(None, None, None)),
    ],
)
def test_point_16_mortality_counts_every_operation_with_an_incision(
    operations: tuple[tuple[int, int | None], ...], death: int | None, mortality: Mortality
) -> None:
    admissions = [Admission(on(day), None if left is None else on(left)) for day, left in operations]
    assert endpoints.perioperative_mortality(admissions, death=exact(death)) == mortality


def test_without_surgery_there_is_no_perioperative_mortality() -> None:
    assert endpoints.perioperative_mortality([], death=exact(3)) == Mortality(None, None, None)
    assert endpoints.died_within(30, None, death=exact(3)) is None


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
    strategy = disease_free_survival(known, Definition.STRATEGY)
    strict = disease_free_survival(known, Definition.STRICT)
    assert strategy is not None
    assert strict is not None
    assert strict.days >= 0
    if strategy.event:
        assert strict.event
        assert strict.days <= strategy.days


def test_a_death_without_a_date_lies_between_the_last_life_and_the_report() -> None:
    day, before = date(2026, 5, 4), date(2026, 5, 3)
    assert endpoints.death_without_date(last_alive_on=None, reported_on=day) is None
    assert endpoints.death_without_date(last_alive_on=day, reported_on=None) is None
    assert endpoints.death_without_date(last_alive_on=day, reported_on=before) is None
    for first in (before, day):
        died = endpoints.death_without_date(last_alive_on=first, reported_on=day)
        assert died is not None
        assert (died.on, died.known, died.earliest, died.latest) == (
            None,
            endpoints.DeathDay.YEAR_UNKNOWN,
            first,
            day,
        )

"""What a plan makes of other calendars, of what happened, of holidays and of partial withdrawal (protocol 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from protocol.schedule import (
    History,
    PastVisit,
    PlannedVisit,
    WithdrawalScope,
    missed_on,
    next_contact,
    plan,
    working_days,
    works_on_weekdays,
)
from protocol.text import load

CHAPTERS = ("2.1", "2.2", "2.3", "2.5")

TEXT = load("1.0")
CCR = {
    "RAND": date(2024, 6, 3),
    "NEO_D1": date(2024, 6, 10),
    "NEO_END": date(2024, 7, 10),
    "LASTDOSE": date(2024, 7, 10),
    "CRE1": date(2024, 8, 14),
    "CRE2": date(2024, 9, 25),
    "CCR": date(2024, 9, 25),
}
HISTORY = History(
    as_of=date(2026, 1, 1), arm="1", milestones=CCR, track="SURVEILLANCE", track_since=date(2024, 9, 25)
)


def by_code(history: History) -> Mapping[str, PlannedVisit]:
    return {visit.code: visit for visit in plan(TEXT, history)}


def dates(visit: PlannedVisit) -> tuple[str, str, str]:
    return visit.opens.isoformat(), visit.target.isoformat(), visit.closes.isoformat()


# ---- Other calendars -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("neo_end", "code", "expected"),
    [
        ("2024-08-31", "AS-06", ("2025-02-14", "2025-02-28", "2025-03-14")),
        ("2023-08-31", "AS-06", ("2024-02-15", "2024-02-29", "2024-03-14")),
        ("2024-08-31", "AS-09", ("2025-05-17", "2025-05-31", "2025-06-14")),
        ("2024-02-29", "AS-12", ("2025-02-14", "2025-02-28", "2025-03-14")),
        ("2024-02-29", "AS-48", ("2028-02-01", "2028-02-29", "2028-03-28")),
        ("2024-01-31", "AS-09", ("2024-10-17", "2024-10-31", "2024-11-14")),
        ("2023-10-31", "AS-16", ("2025-02-07", "2025-02-28", "2025-03-21")),
        ("2024-02-01", "CRE-1", ("2024-02-29", "2024-03-07", "2024-03-14")),
    ],
)
def test_months_of_any_length(neo_end: str, code: str, expected: tuple[str, str, str]) -> None:
    ended = date.fromisoformat(neo_end)
    milestones = {"RAND": ended - timedelta(40), "NEO_END": ended, "CCR": ended + timedelta(77)}
    assert dates(by_code(History(as_of=ended, arm="1", milestones=milestones))[code]) == expected


def test_one_month_after_the_31st_of_january_is_the_last_of_february() -> None:
    visits = by_code(History(as_of=date(2025, 1, 31), arm="1", milestones={"RAND": date(2024, 8, 31)}))
    assert visits["SWEEP-06"].target == date(2025, 2, 28)
    assert visits["OS36"].target == date(2027, 8, 31)


def test_randomised_on_a_leap_day() -> None:
    visits = by_code(History(as_of=date(2024, 2, 29), arm="2", milestones={"RAND": date(2024, 2, 29)}))
    assert dates(visits["OS36"]) == ("2027-02-28", "2027-02-28", "2027-04-25")
    assert visits["SWEEP-48"].target == date(2028, 2, 29)


def test_before_randomisation_the_screening_visits_hang_on_the_consent() -> None:
    visits = by_code(
        History(as_of=date(2024, 5, 21), milestones={"ICF": date(2024, 5, 20)}, track="SCREENED")
    )
    assert {code: dates(visit) for code, visit in visits.items()} == {
        "SCR": ("2024-05-20", "2024-05-20", "2024-06-17"),
        "QOL-0": ("2024-05-20", "2024-06-03", "2024-06-17"),
        "RND": ("2024-05-20", "2024-06-03", "2024-06-17"),
    }
    assert {visit.reason for visit in visits.values()} == {"PROVISIONAL"}


@pytest.mark.parametrize("ended", [date(2024, 5, 25), date(2024, 6, 13), date(2024, 7, 30)])
@pytest.mark.parametrize("track", ["SCREEN_FAIL", "WITHDRAWN", "WITHDRAWN_ALL", "DEAD"])
def test_nothing_is_to_come_after_a_screen_failure(track: str, ended: date) -> None:
    history = History(
        as_of=ended + timedelta(90), milestones={"ICF": date(2024, 5, 20)}, track=track, track_since=ended
    )
    assert list(by_code(history)) == ["SCR"]


def test_who_answered_before_the_failure_has_answered() -> None:
    screened = History(as_of=date(2024, 5, 21), milestones={"ICF": date(2024, 5, 20)}, track="SCREENED")
    answered = PastVisit(by_code(screened)["QOL-0"], date(2024, 5, 30))
    failed = replace(screened, track="SCREEN_FAIL", track_since=date(2024, 6, 13), past=(answered,))
    assert list(by_code(failed)) == ["SCR", "QOL-0"]


def test_nothing_is_planned_for_somebody_without_a_date() -> None:
    assert plan(TEXT, History(as_of=date(2024, 5, 25))) == ()


# ---- Why a visit exists --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("N2", "CALENDAR"),
        ("CRE-1", "CALENDAR"),
        ("CRE-2", "CRE1_NOT_POSITIVE"),
        ("AS-06", "CCR"),
        ("SURG-1", "REGROWTH"),
        ("PO30", "SURGERY"),
        ("FU-16", "SURGERY"),
        ("OS36", "SURVIVAL"),
        ("SWEEP-06", "SURVIVAL"),
        ("SF90", "PROVISIONAL"),
    ],
)
def test_every_visit_has_a_reason(code: str, reason: str) -> None:
    salvaged = {**CCR, "REGROWTH": date(2025, 7, 8), "SURG": date(2025, 8, 5)}
    visits = by_code(replace(HISTORY, milestones=salvaged, track="FOLLOW_UP"))
    assert visits[code].reason == reason
    assert all(TEXT.reason(visit.reason).en for visit in visits.values())


@pytest.mark.parametrize(
    ("history", "code", "reason"),
    [
        (
            replace(HISTORY, track="SURGERY_PLANNED", track_since=date(2025, 2, 3)),
            "SURG-1",
            "CROSSOVER_TO_SURGERY",
        ),
        (
            replace(HISTORY, arm="2", milestones={"NEO_END": date(2024, 7, 10)}),
            "AS-09",
            "CROSSOVER_TO_SURVEILLANCE",
        ),
        (replace(HISTORY, milestones={**CCR, "REGROWTH": date(2025, 7, 8)}), "FU-16", "AFTER_REGROWTH"),
        (replace(HISTORY, track="NONSURGICAL_SALVAGE"), "FU-30", "NONSURGICAL_SALVAGE"),
        (replace(HISTORY, track="REFUSED_WORKUP"), "FU-30", "WORKUP_DECLINED"),
        (
            replace(HISTORY, arm="2", milestones={"NEO_END": date(2024, 7, 10)}, track=None),
            "FU-06",
            "CALENDAR",
        ),
    ],
)
def test_reasons_off_the_usual_path(history: History, code: str, reason: str) -> None:
    assert by_code(history)[code].reason == reason


def test_limits_beyond_the_window_are_given() -> None:
    assert by_code(HISTORY)["CRE-2"].latest == date(2024, 7, 10) + timedelta(98)
    assert by_code(replace(HISTORY, arm="2", track=None))["SURG-2"].latest == date(2024, 7, 10) + timedelta(
        84
    )
    assert by_code(HISTORY)["CRE-1"].latest is None


# ---- What happened never moves -------------------------------------------------------------------------------


def test_a_corrected_date_moves_what_has_not_happened_and_nothing_else() -> None:
    before = by_code(HISTORY)
    past = (
        PastVisit(before["CRE-1"], date(2024, 8, 14)),
        PastVisit(before["AS-06"], date(2025, 1, 8)),
        PastVisit(before["AS-09"]),
    )
    corrected = replace(HISTORY, milestones={**CCR, "NEO_END": date(2024, 7, 12)}, past=past)
    after = by_code(corrected)
    assert [after[entry.visit.code] for entry in past] == [entry.visit for entry in past]
    assert after["AS-12"].target == date(2025, 7, 12)
    assert set(after) == set(before)


def test_a_month_that_happened_is_not_asked_for_again_under_its_other_name() -> None:
    before = by_code(HISTORY)
    past = (PastVisit(before["AS-12"], date(2025, 6, 30)),)
    operated = {**CCR, "REGROWTH": date(2025, 6, 30), "SURG": date(2025, 7, 7)}
    after = by_code(replace(HISTORY, milestones=operated, track="FOLLOW_UP", past=past))
    assert after["AS-12"] == before["AS-12"]
    assert "FU-12" not in after
    assert "FU-16" in after


def test_what_happened_stays_after_death() -> None:
    visits = by_code(HISTORY)
    early = (PastVisit(visits["AS-12"], date(2025, 6, 27)),)
    after = by_code(replace(HISTORY, milestones={**CCR, "DEATH": date(2025, 7, 1)}, track="DEAD", past=early))
    assert "AS-12" in after
    assert "SWEEP-18" not in after


# ---- Holidays move the appointment, never the window ---------------------------------------------------------

NATIONAL_DAY = working_days(
    holidays=frozenset(date(2024, 10, day) for day in range(1, 8)),
    make_up_days=frozenset((date(2024, 9, 29), date(2024, 10, 12))),
)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2024, 9, 28), False),
        (date(2024, 9, 29), True),
        (date(2024, 9, 30), True),
        (date(2024, 10, 1), False),
        (date(2024, 10, 7), False),
        (date(2024, 10, 8), True),
        (date(2024, 10, 12), True),
        (date(2024, 10, 13), False),
    ],
)
def test_working_days(day: date, works: bool) -> None:
    assert NATIONAL_DAY(day) == works


def test_weekdays_are_worked_where_nothing_else_is_known() -> None:
    assert works_on_weekdays(date(2024, 9, 30))
    assert not works_on_weekdays(date(2024, 9, 29))


@pytest.mark.parametrize(
    ("neo_end", "proposed_on"),
    [
        (date(2024, 8, 28), date(2024, 9, 30)),  # target 2 October: 30 September is nearer than 8 October
        (date(2024, 9, 1), date(2024, 10, 8)),  # target 6 October
        (date(2024, 8, 25), date(2024, 9, 29)),  # target Sunday 29 September: a make-up day
        (date(2024, 9, 7), date(2024, 10, 12)),  # target Saturday 12 October: a make-up day
        (
            date(2024, 9, 8),
            date(2024, 10, 14),
        ),  # target Sunday 13 October: the later of two equally near days
    ],
)
def test_a_holiday_moves_the_appointment_and_never_the_window(neo_end: date, proposed_on: date) -> None:
    history = History(as_of=neo_end, arm="1", milestones={"NEO_END": neo_end})
    with_holidays = {visit.code: visit for visit in plan(TEXT, history, works_on=NATIONAL_DAY)}
    visit, plain = with_holidays["CRE-1"], by_code(history)["CRE-1"]
    assert dates(visit) == dates(plain)
    assert visit.proposed_on == proposed_on


def test_where_nobody_works_the_target_is_proposed() -> None:
    history = History(as_of=date(2024, 7, 1), arm="1", milestones=CCR)
    visits = plan(TEXT, history, works_on=lambda day: False)
    assert all(visit.proposed_on == visit.target for visit in visits)


# ---- Partial withdrawal --------------------------------------------------------------------------------------


def test_stopping_the_drug_takes_the_drugs_from_the_visits_to_come() -> None:
    visits = by_code(replace(HISTORY, withdrawn={WithdrawalScope.DRUG: date(2024, 6, 20)}))
    assert "CAMRELIZUMAB" in by_code(HISTORY)["N4"].procedures
    assert not {"CAMRELIZUMAB", "CARBOPLATIN"} & set(visits["N4"].procedures)
    assert "AE_REVIEW" in visits["N4"].procedures
    assert "CARBOPLATIN" in visits["N2"].procedures


def test_stopping_quality_of_life_takes_its_forms() -> None:
    visits = by_code(replace(HISTORY, withdrawn={WithdrawalScope.QOL: date(2025, 2, 1)}))
    assert "QOL" in visits["AS-06"].forms
    assert "QOL" not in visits["AS-09"].forms
    assert "QLQ_C30" not in visits["AS-09"].procedures
    assert "PET_CT" in visits["AS-09"].procedures


def test_stopping_procedures_leaves_clinical_follow_up() -> None:
    visits = by_code(replace(HISTORY, withdrawn={WithdrawalScope.PROCEDURES: date(2025, 2, 1)}))
    assert "AS-09" not in visits
    assert visits["FU-09"].forms == ("FU", "QOL", "LB", "AE")
    assert not {"CT", "PET_CT"} & set(visits["FU-12"].procedures)


# ---- Next contact and missed visits --------------------------------------------------------------------------


def test_the_next_contact_is_the_first_visit_not_closed_and_not_done() -> None:
    visits = plan(TEXT, HISTORY)
    as_of = date(2025, 7, 24)
    due = next_contact(visits, past=(), as_of=as_of)
    assert due is not None
    assert due.code == "AS-12"
    done = next_contact(visits, past=(PastVisit(due, as_of),), as_of=as_of)
    assert done is not None
    assert done.code == "AS-16"
    assert next_contact((), past=(), as_of=as_of) is None


@pytest.mark.parametrize(
    ("code", "missed"),
    [
        ("AS-12", date(2025, 10, 20)),
        ("N2", date(2024, 6, 22)),
        ("CRE-1", date(2024, 9, 18)),
        ("AS-60", None),
        ("OS36", None),
    ],
)
def test_a_visit_is_missed_when_the_next_window_of_its_kind_opens(code: str, missed: date | None) -> None:
    visits = plan(TEXT, HISTORY)
    assert missed_on(by_code(HISTORY)[code], visits) == missed


def test_a_month_of_surveillance_is_missed_when_follow_up_opens() -> None:
    history = replace(HISTORY, milestones={**CCR, "SURG": date(2025, 8, 5)}, track="FOLLOW_UP")
    assert missed_on(by_code(history)["AS-12"], plan(TEXT, history)) == by_code(history)["FU-16"].opens


CUT = date(2025, 3, 31)


def cut_sweeps(**changes: Any) -> dict[str, PlannedVisit]:
    history = replace(HISTORY_OF_CUTS, **changes)
    return {visit.code: visit for visit in plan(TEXT, history) if visit.series == "data cut"}


HISTORY_OF_CUTS = History(
    as_of=date(2025, 1, 1),
    arm="1",
    milestones={"ICF": date(2024, 5, 20), "RAND": date(2024, 6, 3)},
    data_cuts=((1, CUT), (2, date(2026, 3, 31))),
)


def test_a_data_cut_asks_for_vital_status_two_weeks_around_it() -> None:
    sweeps = cut_sweeps()
    assert list(sweeps) == ["SWEEP-C1", "SWEEP-C2"]
    first = sweeps["SWEEP-C1"]
    assert (first.target, first.opens, first.closes) == (CUT, date(2025, 3, 17), date(2025, 4, 14))
    assert (first.forms, first.anchor, first.reason) == (("SURV",), "DATA_CUT", "DATA_CUT")
    assert missed_on(first, plan(TEXT, HISTORY_OF_CUTS)) == sweeps["SWEEP-C2"].opens


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"data_cuts": ()}, set()),
        ({"milestones": {"ICF": date(2024, 5, 20), "RAND": date(2025, 6, 3)}}, {"SWEEP-C2"}),
        ({"milestones": {**HISTORY_OF_CUTS.milestones, "DEATH": date(2025, 8, 1)}}, {"SWEEP-C1"}),
        ({"withdrawn": {WithdrawalScope.ALL: date(2025, 1, 1)}}, set()),
        ({"track": "LOST", "track_since": date(2025, 1, 1)}, {"SWEEP-C1", "SWEEP-C2"}),
        ({"track": "SURVIVAL_ONLY", "track_since": date(2025, 1, 1)}, {"SWEEP-C1", "SWEEP-C2"}),
    ],
)
def test_a_data_cut_asks_for_whoever_lives_and_may_be_asked(changes: dict[str, Any], codes: set[str]) -> None:
    assert set(cut_sweeps(**changes)) == codes

"""Which forms a visit that took place expects, and by when (protocol 2.2, 2.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from crf.trial_rules.expected import (
    Expected,
    ParticipantSeen,
    RecordSeen,
    VisitSeen,
    expected_forms,
    rules_of,
)
from protocol.text import load

CHAPTERS = ("2.2", "2.6")
ON = date(2026, 6, 1)
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
RULES = rules_of(load("1.0"))
NOBODY = ParticipantSeen((), (), (), frozenset(), False, "Asia/Shanghai")


def of(**seen: object) -> dict[tuple[int, str], Expected]:
    return expected_forms(replace(NOBODY, **seen), RULES)  # type: ignore[arg-type]


def took_place(*forms: str, pk: int = 1, on: date = ON) -> VisitSeen:
    return VisitSeen(pk, "done", on, forms)


@pytest.mark.parametrize(
    ("form", "days", "filled_by"),
    [
        ("VS", 5, "visit"),
        ("QOL", 5, "visit"),
        ("SURV", 2, "visit"),
        ("STAGE", 5, "participant"),
        ("SURG", 28, "operation"),
        ("PATH", 28, "operation"),
        ("AE", 5, "log"),
    ],
)
def test_point_08_a_form_is_due_in_the_days_of_the_protocol_text(
    form: str, days: int, filled_by: str
) -> None:
    found = of(visits=[took_place(form)], reached=frozenset({"SURG"}))[1, form]
    assert (found.due_on - ON, found.filled_by, found.state) == (timedelta(days=days), filled_by, "empty")


@pytest.mark.parametrize("state", ["planned", "open", "due", "overdue", "missed", "not_done", "cancelled"])
def test_point_08_a_visit_that_did_not_take_place_expects_nothing(state: str) -> None:
    assert of(visits=[VisitSeen(1, state, None, ("VS",))]) == {}


def test_point_08_pathology_is_expected_once_there_was_an_operation() -> None:
    visits = [took_place("PATH")]
    assert of(visits=visits) == {}
    assert list(of(visits=visits, reached=frozenset({"SURG"}))) == [(1, "PATH")]


def test_point_08_a_form_of_the_participant_belongs_to_the_last_visit_that_lists_it() -> None:
    first, second = took_place("TREAT"), took_place("TREAT", pk=2, on=ON + timedelta(days=7))
    to_come = VisitSeen(3, "planned", None, ("TREAT",))
    assert of(visits=[first, second, to_come]) == {}
    assert list(of(visits=[second, first])) == [(2, "TREAT")]
    assert list(of(visits=[first, second, replace(to_come, state="not_done")])) == [(2, "TREAT")]
    assert list(of(visits=[first, took_place("TREAT", pk=2)])) == [(2, "TREAT")], "of one day, the later row"


def record(form: str, state: str, *typed: datetime, pk: int = 7, visit: int | None = None) -> RecordSeen:
    return RecordSeen(pk, form, visit, state, typed or (NOON,))


def test_point_08_a_record_of_the_visit_fills_it_and_that_of_another_does_not() -> None:
    later = NOON + timedelta(days=3)
    found = of(
        visits=[took_place("VS"), took_place("VS", pk=2)],
        records=[record("VS", "verified", later, NOON, visit=2)],
    )
    assert (found[1, "VS"].state, found[1, "VS"].record_id) == ("empty", None)
    assert (found[2, "VS"].state, found[2, "VS"].record_id, found[2, "VS"].entered_at) == (
        "verified",
        7,
        later,
    )


def test_point_08_of_several_operations_the_record_that_is_farthest_counts() -> None:
    records = [
        record("SURG", "in_progress"),
        record("SURG", "complete", pk=9),
        record("SURG", "complete", pk=8),
    ]
    assert of(visits=[took_place("SURG")], records=records)[1, "SURG"].record_id == 8


@pytest.mark.parametrize(
    ("typed", "complete"),
    [
        (datetime(2026, 5, 31, 15, 59, tzinfo=UTC), False),  # 23:59 of the day before, where the site is
        (datetime(2026, 5, 31, 16, 0, tzinfo=UTC), True),  # midnight
        (datetime(2026, 7, 1, tzinfo=UTC), True),
    ],
)
def test_point_08_a_log_is_up_to_date_once_it_was_typed_in_on_the_day_or_later(
    typed: datetime, complete: bool
) -> None:
    before = datetime(2026, 5, 1, tzinfo=UTC)
    found = of(visits=[took_place("AE")], records=[record("AE", "in_progress", before, typed)])[1, "AE"]
    assert (found.state, found.entered_at) == (("complete", typed) if complete else ("empty", None))


def test_point_08_a_log_of_screening_may_be_typed_before_its_day() -> None:
    before = record("MH", "complete", datetime(2026, 5, 1, tzinfo=UTC))
    screening = replace(took_place("MH"), code="SCR")
    assert of(visits=[screening], records=[before])[1, "MH"].state == "complete"
    assert of(visits=[screening])[1, "MH"].state == "empty"


def test_point_08_nothing_new_holds_for_its_visit_and_those_before_it() -> None:
    later = took_place("AE", pk=2, on=ON + timedelta(days=30))
    said = [("AE", 1, NOON)]
    found = of(visits=[took_place("AE"), later, took_place("CM", pk=3)], nothing_new=said)
    assert {key: each.state for key, each in found.items()} == {
        (1, "AE"): "complete",
        (2, "AE"): "empty",
        (3, "CM"): "empty",
    }
    earlier = took_place("AE", pk=4, on=ON - timedelta(days=30))
    assert of(visits=[earlier], nothing_new=said)[4, "AE"].state == "complete"
    moved = took_place("AE", on=ON + timedelta(days=3))
    assert of(visits=[moved], nothing_new=said)[1, "AE"].state == "complete", "it was said of this visit"


def test_point_08_who_withdrew_from_all_contact_is_asked_for_what_a_register_knows_alone() -> None:
    found = of(visits=[took_place("VS", "SURV")], is_withdrawn=True)
    assert {code: each.is_waived for (_visit, code), each in found.items()} == {"VS": True, "SURV": False}

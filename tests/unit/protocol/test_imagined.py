"""An imagined participant read from JSON, and each way in which that can go wrong."""

from __future__ import annotations

import json
from datetime import date

import pytest

from protocol.schedule import History, plan
from protocol.text import load
from protocol.what_if import UnclearHistoryError, as_row, read_history

TEXT = load("1.0")
WRITTEN = {"RAND": "2025-01-06", "NEO_D1": "2025-01-13"}


def read(entries: object, *, arm: str = "1", as_of: str = "2025-06-30") -> History:
    return read_history(TEXT, arm=arm, text_of_history=json.dumps(entries), as_of=as_of)


def test_a_whole_history() -> None:
    history = read(
        {
            **WRITTEN,
            "track": "SURVEILLANCE",
            "track_since": "2025-06-01",
            "responses": {"CRE1": "clear"},
            "withdrawn": {"qol": "2025-06-02"},
        }
    )
    assert history == History(
        as_of=date(2025, 6, 30),
        arm="1",
        milestones={"RAND": date(2025, 1, 6), "NEO_D1": date(2025, 1, 13)},
        track="SURVEILLANCE",
        track_since=date(2025, 6, 1),
        responses={"CRE1": "clear"},
        withdrawn={"qol": date(2025, 6, 2)},
    )


def test_an_empty_object_is_a_participant_without_a_date() -> None:
    assert plan(TEXT, read({})) == ()


def test_null_says_that_it_has_not_happened() -> None:
    assert plan(TEXT, read({**WRITTEN, "DEATH": None, "track": None})) == plan(TEXT, read(WRITTEN))


def test_rows_hold_six_plain_values() -> None:
    first = plan(TEXT, read(WRITTEN))[0]
    assert as_row(first) == {
        "code": "SCR",
        "anchor": "RAND",
        "target": "2024-12-23",
        "opens": "2024-12-09",
        "closes": "2025-01-06",
        "forms": ["ELIG", "DM", "MH", "CM", "LB", "STAGE"],
    }


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("{", "The file is not JSON (line 1"),
        ("[]", "one JSON object"),
        ("9" * 5000, "a number or a nesting beyond any history"),
        ("[" * 100_000, "a number or a nesting beyond any history"),
        ('{"RAND": "20250106"}', "RAND is '20250106': write a date such as 2026-01-31."),
        ('{"RAND": "6 January"}', "RAND is '6 January': write a date such as 2026-01-31."),
        ('{"RAND": 20250106}', "RAND is 20250106: write a date such as 2026-01-31."),
        ('{"RAND": "2025-02-30"}', "RAND is '2025-02-30'"),
        ('{"RAND": false}', "RAND is False"),
        ('{"NEO-D1": "2025-01-13"}', "'NEO-D1' is not known in the milestones"),
        ('{"track": "RESTING"}', "The track 'RESTING' does not exist"),
        ('{"track": 3}', "The track 3 does not exist"),
        ('{"track": "AWAIT_RESTAGE"}', "The track AWAIT_RESTAGE does not exist in arm 1."),
        ('{"track_since": "then"}', "track_since is 'then'"),
        ('{"responses": {"CRE3": "clear"}}', "'CRE3' is not known in responses"),
        ('{"responses": {"CRE1": "fine"}}', "CRE1 in responses is 'fine'"),
        ('{"responses": {"CRE1": ["clear"]}}', "CRE1 in responses is ['clear']"),
        ('{"responses": "clear"}', "responses must be a JSON object."),
        ('{"withdrawn": {"everything": "2025-01-01"}}', "'everything' is not known in withdrawn"),
        (
            '{"RAND": "2025-01-06", "NEO_D1": "2025-01-01"}',
            "NEO_D1 (2025-01-01) lies before RAND (2025-01-06)",
        ),
        ('{"RAND": "2025-01-06", "DEATH": "2025-01-01"}', "DEATH (2025-01-01) lies before RAND"),
        ('{"RAND": "2025-01-06", "LASTDOSE": "2024-12-31"}', "LASTDOSE (2024-12-31) lies before RAND"),
        (
            '{"RAND": "2025-01-06", "NEO_D1": "2025-01-13", "SURG": "2025-01-10"}',
            "SURG (2025-01-10) lies before NEO_D1",
        ),
        (
            '{"NEO_D1": "2025-01-13", "NEO_END": "2025-02-12", "SURG": "2025-02-11"}',
            "SURG (2025-02-11) lies before NEO_END",
        ),
        (
            '{"NEO_END": "2025-02-12", "CRE1": "2025-03-19", "CCR": "2025-03-18"}',
            "CCR (2025-03-18) lies before CRE1",
        ),
        ('{"NEO_END": "2025-02-12", "CCR": "2025-02-01"}', "CCR (2025-02-01) lies before NEO_END"),
        ('{"CCR": "2025-05-01", "SURG": "2025-04-30"}', "SURG (2025-04-30) lies before CCR"),
        (
            '{"LASTCAMRE": "2025-02-04", "LASTDOSE": "2025-02-03"}',
            "LASTDOSE (2025-02-03) lies before LASTCAMRE",
        ),
        ('{"RAND": "2025-01-06", "EOS": "2025-01-05"}', "EOS (2025-01-05) lies before RAND"),
        ('{"RAND": "2025-01-06", "RAND": "2025-01-07"}', "RAND stands twice in the file"),
        ('{"RAND": "9999-06-01"}', "RAND is 9999-06-01: write a year from 1900 to 2199."),
        ('{"RAND": "0001-01-01"}', "RAND is 0001-01-01: write a year from 1900 to 2199."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(written: str, sentence: str) -> None:
    with pytest.raises(UnclearHistoryError) as refused:
        read_history(TEXT, arm="1", text_of_history=written, as_of="2025-06-30")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_arm_or_a_day_that_does_not_exist() -> None:
    with pytest.raises(UnclearHistoryError, match=r"The arm is '3': write 1 or 2."):
        read(WRITTEN, arm="3")
    with pytest.raises(UnclearHistoryError, match="--as-of is 'today'"):
        read(WRITTEN, as_of="today")
    with pytest.raises(UnclearHistoryError, match=r"--as-of is 9999-12-31: write a year"):
        read(WRITTEN, as_of="9999-12-31")


@pytest.mark.parametrize("year", [1900, 2199])
def test_the_first_and_the_last_year_can_be_planned(year: int) -> None:
    history = read({"RAND": f"{year}-12-31"}, as_of="2199-12-31")
    assert plan(TEXT, history)[0].code == "SCR"

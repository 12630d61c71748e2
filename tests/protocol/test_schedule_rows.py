"""Every row of the schedule against the tables of the protocol (protocol 2.1-2.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from protocol.schedule import trigger_due
from protocol.text import load
from protocol.windows import add_months, dates_of

CHAPTERS = ("1.7", "2.1", "2.2", "2.3", "2.4", "2.6")

TEXT = load("1.0")
ANCHOR = date(2024, 3, 15)

# code, anchor, target, opens and closes in days from the anchor: copied from the tables by hand.
ROWS = {
    "both": [
        ("SCR", "RAND", -14, -28, 0),
        ("QOL-0", "RAND", 0, -14, 0),
        ("RND", "RAND", 0, 0, 0),
        ("N2", "NEO_D1", 7, 5, 9),
        ("N3", "NEO_D1", 14, 12, 16),
        ("N5", "NEO_D1", 28, 26, 30),
        ("NE", "NEO_D1", 30, 28, 44),
        ("SF30", "LASTDOSE", 30, 23, 37),
        ("DC", "SURG", 0, 0, 29),
        ("PO30", "SURG", 30, 30, 44),
        ("PO90", "SURG", 90, 90, 104),
        ("ADJ", "SURG", 42, 28, 112),
    ],
    "1": [
        ("N1", "RAND", 7, 0, 14),
        ("N4", "NEO_D1", 21, 18, 24),
        ("SF90", "LASTCAMRE", 90, 76, 104),
        ("CRE-1", "NEO_END", 35, 28, 42),
        ("CRE-2", "NEO_END", 77, 70, 84),
        ("SURG-1", "CRE2", 21, 7, 42),
    ],
    "2": [
        ("N1", "NEO_D1", 0, -2, 2),
        ("N4", "NEO_D1", 21, 19, 23),
        ("RST", "NEO_END", 35, 28, 42),
        ("SURG-2", "NEO_END", 42, 28, 56),
    ],
}
BY_DAYS = [
    (arm, *row) for arms, rows in ROWS.items() for arm in ("12" if arms == "both" else arms) for row in rows
]
MONTHS = {6: 14, 9: 14, 12: 14, 16: 21, 20: 21, 24: 21, 30: 28, 36: 28, 48: 28, 60: 28}


@pytest.mark.parametrize(("arm", "code", "anchor", "target", "opens", "closes"), BY_DAYS)
def test_rows_by_days(arm: str, code: str, anchor: str, target: int, opens: int, closes: int) -> None:
    rule = TEXT.visit(code, arm)
    dates = dates_of(rule.due, ANCHOR)
    offsets = tuple((day - ANCHOR).days for day in (dates.target, dates.opens, dates.closes))
    assert (rule.due.anchor, *offsets) == (anchor, target, opens, closes)


@pytest.mark.parametrize("prefix", ["AS", "FU"])
@pytest.mark.parametrize(("month", "tolerance"), MONTHS.items())
def test_rows_by_months(prefix: str, month: int, tolerance: int) -> None:
    rule = TEXT.visit(f"{prefix}-{month:02d}")
    dates = dates_of(rule.due, ANCHOR)
    assert (rule.arms, rule.due.anchor) == (("1", "2"), "NEO_END")
    assert dates.target == add_months(ANCHOR, month)
    assert (dates.target - dates.opens, dates.closes - dates.target) == (
        timedelta(tolerance),
        timedelta(tolerance),
    )


def test_month_36_is_never_early_and_eight_weeks_wide() -> None:
    dates = dates_of(TEXT.visit("OS36").due, date(2024, 2, 29))
    assert (dates.target, dates.opens, dates.closes) == (
        date(2027, 2, 28),
        date(2027, 2, 28),
        date(2027, 4, 25),
    )


def test_every_row_of_the_protocol_and_no_other() -> None:
    calendar = {f"{prefix}-{month:02d}" for prefix in ("AS", "FU") for month in MONTHS}
    named = {code for rows in ROWS.values() for code, *_ in rows}
    assert {rule.code for rule in TEXT.visits} == named | calendar | {"OS36", "SWEEP"}


@pytest.mark.parametrize(
    ("code", "arm", "forms"),
    [
        ("SCR", None, {"ELIG", "DM", "MH", "CM", "LB", "STAGE"}),
        ("QOL-0", None, {"QOL"}),
        ("RND", None, set()),
        ("N1", "1", {"TREAT", "AE", "CM", "VS", "LB"}),
        ("NE", "2", {"TREAT", "AE"}),
        ("SF30", "1", {"AE", "SAE", "LB", "CM", "VS"}),
        ("SF30", "2", {"AE", "SAE", "LB", "CM", "VS"}),
        ("SF90", "1", {"AE", "SAE", "LB"}),
        ("CRE-1", "1", {"CRE", "AE", "VS", "LB"}),
        ("CRE-2", "1", {"CRE", "VS", "QOL", "AE"}),
        ("SURG-1", "1", {"SURG", "PATH", "COMP"}),
        ("RST", "2", {"CRE", "VS", "LB", "QOL", "AE"}),
        ("SURG-2", "2", {"SURG", "PATH", "COMP"}),
        ("DC", None, {"COMP"}),
        ("PO30", None, {"COMP"}),
        ("PO90", None, {"COMP", "AE"}),
        ("ADJ", None, {"FU", "ST"}),
        ("AS-06", None, {"CRE", "AS", "QOL", "AE", "LB"}),
        ("AS-24", None, {"CRE", "AS", "QOL", "AE", "LB"}),
        ("AS-30", None, {"CRE", "AS", "AE"}),
        ("AS-36", None, {"CRE", "AS", "QOL", "SURV", "AE"}),
        ("AS-60", None, {"CRE", "AS", "EOS", "AE"}),
        ("FU-12", None, {"FU", "QOL", "LB", "AE"}),
        ("FU-30", None, {"FU", "LB", "AE"}),
        ("FU-36", None, {"FU", "QOL", "LB", "AE"}),
        ("FU-60", None, {"FU", "LB", "EOS", "AE"}),
        ("OS36", None, {"SURV"}),
        ("SWEEP", None, {"SURV"}),
    ],
)
def test_forms_due(code: str, arm: str | None, forms: set[str]) -> None:
    assert set(TEXT.visit(code, arm).form_codes) == forms


@pytest.mark.parametrize("month", MONTHS)
def test_quality_of_life_is_asked_until_month_24_and_at_36(month: int) -> None:
    for prefix in ("AS", "FU"):
        assert ("QOL" in TEXT.visit(f"{prefix}-{month:02d}").form_codes) == (month <= 24 or month == 36)


@pytest.mark.parametrize("month", MONTHS)
def test_pet_ct_at_every_surveillance_visit_and_at_12_and_24_months_of_follow_up(month: int) -> None:
    def has_pet(code: str) -> bool:
        return "PET_CT" in {procedure.code for procedure in TEXT.visit(code).procedures}

    assert has_pet(f"AS-{month:02d}")
    assert has_pet(f"FU-{month:02d}") == (month in (12, 24))


def test_limits_beyond_the_window() -> None:
    assert TEXT.visit("CRE-2").latest_day == 98
    assert TEXT.visit("SURG-2").latest_day == 84


# ---- Triggered forms (protocol 2.6) --------------------------------------------------------------------------

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "forms", "after"),
    [
        ("SAE", ("SAE",), timedelta(hours=24)),
        ("SUSAR_FATAL", ("SAE",), timedelta(days=7)),
        ("SUSAR_OTHER", ("SAE",), timedelta(days=15)),
        ("PREGNANCY", ("PREG",), timedelta(hours=24)),
        ("DOSE_DEVIATION", ("DV",), timedelta(days=7)),
        ("CRE_POSITIVE", ("CRE",), timedelta(days=14)),
        ("REPEAT_BIOPSY", ("CRE",), timedelta(days=28)),
        ("SUSPICION", ("FU",), timedelta(days=42)),
        ("RECURRENCE", ("FU",), timedelta(days=14)),
        ("DEATH", ("SURV", "EOS"), timedelta(days=7)),
        ("DEATH_SAE", ("SURV", "SAE"), timedelta(hours=24)),
        ("WITHDRAWAL", ("EOS",), timedelta(days=7)),
        ("WINDOW_ENDING", (), None),
        ("WINDOW_PASSED", ("DV",), None),
    ],
)
def test_triggers(code: str, forms: tuple[str, ...], after: timedelta | None) -> None:
    trigger = TEXT.trigger(code)
    assert trigger.forms == forms
    assert trigger_due(trigger, NOON) == (None if after is None else NOON + after)


def test_every_trigger_is_tested() -> None:
    assert len(TEXT.triggers) == 14


CHEMOTHERAPY = {"CARBOPLATIN", "NAB_PACLITAXEL"}
# visit, arm: what the registry or the paper says of it, by the marks of the tables; all else is a default.
PUBLISHED = {
    ("SCR", "1"): {"ELIG", "CONSENT", "ELIGIBILITY", "ECOG", "PREGNANCY_TEST", "ENDOSCOPY_BIOPSY"},
    ("RND", "1"): {"ALLOCATION"},
    ("N1", "1"): {"RT_START", *CHEMOTHERAPY, "CAMRELIZUMAB"},
    ("N1", "2"): {"RT_START", *CHEMOTHERAPY},
    **{(code, arm): CHEMOTHERAPY for code in ("N2", "N3", "N5") for arm in "12"},
    ("N4", "1"): {*CHEMOTHERAPY, "CAMRELIZUMAB"},
    ("N4", "2"): CHEMOTHERAPY,
    ("NE", "1"): {"RT_SUMMARY"},
    ("SURG-1", "1"): {"OESOPHAGECTOMY"},
    ("SURG-2", "2"): {"OESOPHAGECTOMY"},  # its forms are ours: the registry names outcomes only
    ("ADJ", "1"): {"ADJUVANT_NCCN"},
    ("AS-36", "1"): {"SURV", "STATUS_36"},
}


def test_only_what_was_read_in_public_is_called_published() -> None:
    called = {
        (rule.code, rule.arms[0]): {
            entry.code for entry in (*rule.forms, *rule.procedures) if entry.source == "published"
        }
        for rule in TEXT.visits
    }
    assert {where: what for where, what in called.items() if what} == PUBLISHED

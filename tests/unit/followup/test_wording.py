"""What follow-up is called on the pages."""

from __future__ import annotations

from datetime import date

from followup.models import Visit
from followup.wording import milestone_name, time_left
from protocol.text import load


def test_a_window_closes_today_not_in_no_days() -> None:
    visit = Visit(opens=date(2026, 11, 1), closes=date(2026, 11, 5))
    assert time_left(visit, date(2026, 11, 5)) == "closes today"
    assert time_left(visit, date(2026, 11, 4)) == "closes in 1 day"
    assert time_left(visit, date(2026, 11, 6)) == "closed 1 day ago"


def test_a_milestone_begins_with_a_capital_but_a_term_keeps_its_spelling() -> None:
    names = {milestone.code: milestone_name(milestone) for milestone in load("1.0").milestones}
    assert names["ICF"] == "Consent signed"
    assert names["CCR"].startswith("cCR")

"""What follow-up is called on the pages."""

from __future__ import annotations

from followup.wording import milestone_name
from palace3.protocol.text import load


def test_a_milestone_begins_with_a_capital_but_a_term_keeps_its_spelling() -> None:
    names = {milestone.code: milestone_name(milestone) for milestone in load().milestones}
    assert names["ICF"] == "Consent signed"
    assert names["CCR"].startswith("cCR")

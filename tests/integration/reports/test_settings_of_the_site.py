"""Days of escalation, training and reminders are those of the version that the site follows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from kernel.scope import EVERYTHING, scope
from notices.services.reminders import reminder_days
from notices.sources.training import training
from reports.worklist import work_for
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, TODAY, World, as_person, screen
from trials import services as trials

pytestmark = pytest.mark.django_db


def other_days() -> str:
    """Version 2.0 with other days of escalation and other months of training, and a later month 12."""
    text = amended().replace("due.target = { months = 12,", "due.target = { months = 12, weeks = 2,", 1)
    for key, value in (
        ("visit_escalates_days", 3),
        ("deviation_escalates_days", 5),
        ("training_valid_months", 12),
    ):
        text, times = re.subn(rf'(key = "{key}"\ntype = "int"\nvalue = )\d+', rf"\g<1>{value}", text)
        assert times == 1
    return text


@pytest.fixture(autouse=True)
def _two_versions(tmp_path: Path) -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING), shelf(tmp_path, v2_0=other_days()):
        yield


def move(world: World) -> None:
    told: dict[str, Any] = {"site": world.site, "version": "2.0", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=TODAY, **LETTER, **told)
    trials.open_site_version(reason="Amendment 1", **told)
    world.site.refresh_from_db()


def trained_until(world: World) -> set[Any]:
    later = TODAY.replace(year=TODAY.year + 4)
    return {alert.day for alert in training(world.site, on=later, at=NOW)}


def test_rare_04_escalation_and_training_follow_the_version_of_the_site(world: World) -> None:
    before = (reminder_days(world.site).escalated, trained_until(world))
    move(world)
    assert reminder_days(world.site).escalated == timedelta(days=3) != before[0]
    assert trained_until(world)
    assert max(trained_until(world)) < max(before[1])


def test_rare_04_a_deviation_waits_as_long_as_the_version_of_the_participant_says(world: World) -> None:
    move(world)
    here, there = screen(world), screen(world, site=world.other_site)
    for each in (here, there):
        told: dict[str, Any] = {"participant": each, "by": world.coordinator, "at": NOW}
        trials.propose_deviation(rule="X001", key="look", detail="Look", **told)
    until = {}
    for person in (world.coordinator, world.stranger):
        with as_person(person):
            sections = work_for(person, today=TODAY, at=NOW)
        until |= {item.number: item.when for each in sections for item in each.items if item.what == "Look"}
    assert until == {here.number: TODAY + timedelta(days=5), there.number: TODAY + timedelta(days=7)}


def test_rare_04_the_plan_is_printed_by_the_version_asked_for(tmp_path: Path) -> None:
    known = {"RAND": "2025-01-06", "NEO_D1": "2025-01-13", "NEO_END": "2025-02-14", "CRE1": "2025-03-20"}
    known |= {"CRE2": "2025-05-01", "CCR": "2025-05-01", "track": "SURVEILLANCE"}
    file = tmp_path / "milestones.json"
    file.write_text(json.dumps(known), encoding="utf-8")

    def target(*more: str) -> str:
        out = StringIO()
        asked = ["--arm", "1", "--milestones", str(file), "--as-of", "2025-06-01", *more]
        call_command("plan", *asked, stdout=out)
        (row,) = (row for row in json.loads(out.getvalue()) if row["code"] == "AS-12")
        return str(row["target"])

    assert (target(), target("--protocol", "2.0")) == ("2026-02-14", "2026-02-28")
    said = StringIO()
    with pytest.raises(SystemExit):
        call_command(
            *("plan", "--arm", "1", "--milestones", str(file), "--as-of", "2025-06-01"),
            *("--protocol", "9.9"),
            stderr=said,
        )
    assert "There is no version 9.9. These are there: 1.0, 2.0." in said.getvalue()

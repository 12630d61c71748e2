"""Answers are judged by the version of the protocol they were begun under (architecture 3)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crf import catalogue
from crf.eligibility.evidence import current_evidence
from crf.store.context import FormContext
from followup.services import migrate_participants, open_version
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.test_consequences import numbered, screened_on_paper
from tests.unit.crf.examples import demographics, eligibility
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, TODAY, World, screen
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("3.0",)

pytestmark = pytest.mark.django_db


def second() -> str:
    text = amended().replace('value = "Mosteller"', 'value = "DuBois"', 1)
    text = text.replace("performance status 0 or 1", "performance status 0, 1 or 2", 1)
    text = text.replace("评分 0 或 1", "评分 0、1 或 2", 1)
    return text.replace("value = [0, 1]", "value = [0, 1, 2]", 1)


def move_to_second(world: World, participant: Participant) -> Participant:
    by: dict[str, Any] = {"by": world.trial_manager, "at": NOW}
    trials.record_version_approval(site=world.site, version="2.0", approved_on=TODAY, **LETTER, **by)
    opened = open_version(site=world.site, version="2.0", reason="Amendment 1", **by)
    migrate_participants(site_version=opened, at=NOW)
    participant.refresh_from_db()
    return participant


def test_a_record_keeps_its_version_and_a_new_one_takes_the_participants(
    world: World, everything: None, save: Save, tmp_path: Path
) -> None:
    with shelf(tmp_path, v2_0=second()):
        old, new = screen(world), screen(world)
        save(old, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
        move_to_second(world, old)
        new.refresh_from_db()
        form = catalogue.form("DM")
        kept = FormContext(old, at=NOW).context(form, record_id=record_at(old, "DM").pk)
        fresh = FormContext(new, at=NOW).context(form)
        assert kept["setting.bsa_formula"] == "Mosteller"
        assert fresh["setting.bsa_formula"] == "DuBois"
        save(new, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
        assert (record_at(old, "DM").protocol_version, record_at(new, "DM").protocol_version) == (
            "1.0",
            "2.0",
        )


def test_eligibility_is_assessed_by_the_criteria_of_the_participants_version(
    world: World, everything: None, save: Save, tmp_path: Path
) -> None:
    with shelf(tmp_path, v2_0=second()):
        participant = screen(world, signed_on=date(2026, 4, 28))
        screened_on_paper(participant, save)
        save(participant, "ELIG", values={**eligibility.VALUES, "ecog": "2"}, reason="Typed wrongly")
        before = {c.code: c.met for c in current_evidence(participant).assessment.criteria}
        move_to_second(world, participant)
        after = {c.code: c.met for c in current_evidence(participant).assessment.criteria}
        assert (before["I-2"], after["I-2"]) == (False, True)


def test_rare_02_a_form_begun_after_the_site_moved_is_of_the_version_in_force(
    world: World, everything: None, save: Save, tmp_path: Path
) -> None:
    """The worker has not come to the participant yet: the save carries them, and an older record stays as it was."""
    with shelf(tmp_path, v2_0=second()):
        begun, fresh = screen(world), screen(world)
        save(begun, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
        by: dict[str, Any] = {"site": world.site, "version": "2.0", "by": world.trial_manager, "at": NOW}
        trials.record_version_approval(approved_on=TODAY, **LETTER, **by)
        trials.open_site_version(reason="Amendment 1", **by)
        save(fresh, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
        for participant, version in ((begun, "1.0"), (fresh, "2.0")):
            participant.refresh_from_db()
            assert participant.protocol_version == version
            assert record_at(participant, "DM").protocol_version == version

"""Progression during neoadjuvant treatment moves the track, and its correction takes that back (decision C3)."""

from __future__ import annotations

from datetime import date

import pytest

from crf import catalogue
from followup.models import Visit
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, screened_on_paper
from trials.models import Participant
from trials.models.participants import Track
from trials.services import move_track

CHAPTERS = ("2.5", "3.5")
pytestmark = pytest.mark.django_db
__all__ = ["person"]

FOUND = date(2026, 10, 5)
TOLD = {"prog_dt": FOUND, "prog_where": ["liver"], "prog_proof": "histology", "prog_cure": "Y"}


def test_progression_moves_the_track_and_its_correction_takes_it_back(
    person: Participant, save: Save
) -> None:
    screened_on_paper(person, save)
    randomized(person, arm="1")
    person.refresh_from_db()
    move_track(participant=person, to=Track.NEOADJUVANT, on=date(2026, 9, 1), **SYSTEM)
    save(person, "PROG", values=TOLD)
    person.refresh_from_db()
    assert (person.state, person.state_since) == (Track.PROGRESSION, FOUND)
    later = Visit.objects.filter(participant=person, code__startswith="CRE", opens__gt=FOUND)
    assert not later.awaited().exists()
    record = catalogue.form("PROG").model.objects.get(participant=person)
    assert record.state == "complete"
    save(person, "PROG", values={**TOLD, "prog_cure": "N"}, reason="Curable after all")
    person.refresh_from_db()
    assert person.state == Track.NEOADJUVANT

"""Participants as far as each test needs them, made by the services alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from crf.engine.submission import Answers
from crf.records.save import Saved, save_answers
from crf.store.records import NEW, RecordKey, find_stored_record, record_key_of
from kernel.scope import EVERYTHING, scope
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import Participant

DAYS = {
    "RAND": date(2026, 1, 12),
    "NEO_D1": date(2026, 1, 19),
    "NEO_END": date(2026, 2, 18),
    "SURG": date(2026, 4, 1),
}


@pytest.fixture
def everything(db: None) -> Iterator[None]:
    """The test sees every site, as the system does."""
    with scope(user_id=None, sites=EVERYTHING):
        yield


@pytest.fixture
def screened(world: World, everything: None) -> Participant:
    """A participant of site 01, consented."""
    return screen(world, signed_on=date(2026, 1, 5))


@pytest.fixture
def operated(world: World, screened: Participant) -> Participant:
    """A participant of arm 2 with the milestones up to the operation."""
    return make_operated(screened)


def make_operated(participant: Participant) -> Participant:
    by: Any = {"by": None, "at": NOW}
    with transaction.atomic():
        trials.reveal_arm(participant=participant, arm="2", **by)
        for code, day in DAYS.items():
            trials.set_milestone(participant=participant, code=code, on=day, source="test", **by)
        participant.refresh_from_db()
    return participant


Save = Callable[..., Saved]


@pytest.fixture
def save(world: World) -> Save:
    """Save answers as the coordinator of site 01 would."""

    def run(
        participant: Participant, form: str, *, by: Any = world.coordinator, at: Any = NOW, **said: Any
    ) -> Saved:
        place = record_key_of(participant=participant, form=form, visit=said.pop("visit", None))
        version = said.pop("version", None)
        key = said.pop("key", "")
        if version is None:
            sheet = find_stored_record(place)
            version = sheet.record.version if sheet else NEW
        return save_answers(record_key=place, answers=Answers(**said), version=version, key=key, by=by, at=at)

    return run


def record_at(participant: Participant, form: str) -> Any:
    """The saved record, or None."""
    place = record_key_of(participant=participant, form=form)
    sheet = find_stored_record(place)
    return sheet.record if sheet else None


def place_at(participant: Participant, form: str) -> RecordKey:
    """Where a form of the participant stands."""
    return record_key_of(participant=participant, form=form)

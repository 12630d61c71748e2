"""A form is locked once it is verified and signed, after somebody has seen what it has (issue point 22)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from crf.engine.base import RecordState
from crf.locks.records import lock_record, unlock_record
from crf.locks.services import LockConditionsFail
from crf.records.signing import sign_record, signature_holds, verify_record
from crf.store.outstanding import is_verified
from crf.store.records import find_stored_record
from crf.store.signatures import standing_signature
from tests.integration.crf.conftest import Save, place_at, record_at
from tests.integration.crf.test_pages import form_url
from tests.integration.crf.test_saving import stage
from tests.world import NOW, PASSWORD, World
from trials.models import DataLock, Participant

pytestmark = pytest.mark.django_db
VERIFICATION, SIGNATURE = "Forms not verified against source", "Forms without the investigator's signature"


def verified(world: World, place: Any, version: int = 1) -> None:
    verify_record(record_key=place, version=version, by=world.monitor, at=NOW)


def signed(world: World, place: Any, version: int = 1) -> None:
    sign_record(record_key=place, version=version, password=PASSWORD, by=world.investigator, at=NOW)


@pytest.mark.parametrize(
    ("steps", "lacks"),
    [
        ((), {VERIFICATION, SIGNATURE}),
        ((verified,), {SIGNATURE}),
        ((signed,), {VERIFICATION}),
        ((verified, signed), set()),
        ((signed, verified), set()),
    ],
)
def test_point_22_a_lock_says_what_is_missing(
    screened: Participant, world: World, save: Save, steps: Any, lacks: set[str]
) -> None:
    save(screened, "STAGE", **stage())
    place = place_at(screened, "STAGE")
    for step in steps:
        step(world, place)
    before = record_at(screened, "STAGE").state
    if not lacks:
        lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)
        assert record_at(screened, "STAGE").state == RecordState.LOCKED
        return
    with pytest.raises(LockConditionsFail) as refused:
        lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)
    assert {each for each in (VERIFICATION, SIGNATURE) if each in str(refused.value)} == lacks
    assert record_at(screened, "STAGE").state == before


def test_point_22_a_signed_form_is_verified_without_losing_its_signature(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    place = place_at(screened, "STAGE")
    signed(world, place)
    verified(world, place)
    stored = find_stored_record(place)
    assert stored is not None
    assert stored.record.state == RecordState.SIGNED
    assert is_verified(stored.record)
    standing = standing_signature(place, stored.record)
    assert standing is not None
    assert signature_holds(place, stored, standing)


def test_point_22_a_verification_is_of_one_version(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())
    place = place_at(screened, "STAGE")
    verified(world, place)
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    signed(world, place, version=2)
    with pytest.raises(LockConditionsFail, match=VERIFICATION):
        lock_record(record_key=place, version=2, by=world.data_manager, at=NOW)


def test_point_22_the_trial_may_ask_for_less(
    screened: Participant, world: World, save: Save, settings: Any
) -> None:
    settings.LOCK_NEEDS = ("signed",)
    save(screened, "STAGE", **stage())
    place = place_at(screened, "STAGE")
    with pytest.raises(LockConditionsFail):
        lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)
    signed(world, place)
    lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)
    unlock_record(record_key=place, version=1, reason="Late report", by=world.data_manager, at=NOW)
    assert record_at(screened, "STAGE").state == RecordState.SIGNED


def test_point_22_a_form_is_locked_on_a_page_that_shows_what_it_has(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    place, client = place_at(screened, "STAGE"), Client()
    client.force_login(world.data_manager)
    address = form_url(screened, name="lock")
    assert f'href="{address}"' in client.get(form_url(screened)).text
    early = client.get(address).text
    assert VERIFICATION in early
    assert 'value="lock"' not in early
    assert client.post(address, {"version": "1", "step": "lock"}).status_code == 409
    assert record_at(screened, "STAGE").state == RecordState.COMPLETE
    verified(world, place)
    signed(world, place)
    assert 'value="lock"' in client.get(address).text
    typed = {"version": "1", "step": "lock", "reason": "Clean for the report"}
    assert client.post(address, typed).status_code == 302
    assert DataLock.objects.get().reason == "Clean for the report", "what was typed beside the lock went"
    assert record_at(screened, "STAGE").state == RecordState.LOCKED

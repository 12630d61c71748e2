"""Verification belongs to what was typed; a crossover is proposed once, whichever form tells of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from crf.catalogue import form
from crf.engine.base import RecordState
from crf.engine.checks import Finding, Level
from crf.models import Query
from crf.recheck import propose_deviations, recheck_participant
from crf.records.signing import sign_record, verify_record
from crf.store.records import RecordKey, find_stored_record
from tests.integration.crf.conftest import Save, place_at, record_at
from tests.integration.crf.test_consequences import (
    LATER,
    SYSTEM,
    person,
    randomized,
    screened_on_paper,
    treated,
    visit,
)
from tests.integration.crf.test_saving import stage
from tests.unit.crf.examples import survival
from tests.world import NOW, PASSWORD, World
from trials import services as trials
from trials.models import DeviationProposal, Participant

pytestmark = pytest.mark.django_db
__all__ = ["person"]
ALIVE = {**survival.VALUES, "status_dt": date(2026, 11, 10)}


def survival_form(person: Participant, save: Save) -> Any:
    """A complete survival form of a participant who was alive."""
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    place = save(person, "SURV", visit=visit(person, "OS36"), values=ALIVE).record_key
    asked = Query.objects.living().filter(record_id=record_of(place).pk).values_list("key", flat=True)
    confirmed = dict.fromkeys(asked, "The letter says so")
    save(person, "SURV", visit=visit(person, "OS36"), values=ALIVE, confirmations=confirmed)
    return place


def move_last_dose(person: Participant, day: date) -> None:
    """The last dose was on another day: the latest proof of life of the survival form moves with it."""
    with transaction.atomic():
        trials.set_milestone(participant=person, code="LASTDOSE", on=day, source="test", **SYSTEM)
        recheck_participant(participant=person, changed={"milestone.LASTDOSE"}, by=None, at=LATER)


def record_of(place: Any) -> Any:
    stored = find_stored_record(place)
    assert stored is not None
    return stored.record


def test_point_24_a_verified_survival_form_stays_verified_when_a_derived_day_moves(
    person: Participant, world: World, save: Save
) -> None:
    place = survival_form(person, save)
    record = record_of(place)
    assert record.state == RecordState.COMPLETE
    verify_record(record_key=place, version=record.version, by=world.monitor, at=LATER)
    before = record.last_alive_dt
    move_last_dose(person, date(2026, 11, 12))
    moved = record_of(place)
    assert (before, moved.last_alive_dt) == (before, date(2026, 11, 12))
    assert before != moved.last_alive_dt
    assert moved.state == RecordState.VERIFIED


def test_point_24_a_signature_falls_with_what_the_record_showed_and_verification_stays(
    person: Participant, world: World, save: Save
) -> None:
    place = survival_form(person, save)
    version = record_of(place).version
    verify_record(record_key=place, version=version, by=world.monitor, at=LATER)
    signed = sign_record(
        record_key=place, version=version, password=PASSWORD, by=world.investigator, at=LATER
    )
    move_last_dose(person, date(2026, 11, 12))
    signed.refresh_from_db()
    assert signed.fell_at == LATER
    assert record_of(place).state == RecordState.VERIFIED


def test_point_24_a_typed_change_undoes_verification(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())
    place = place_at(screened, "STAGE")
    verify_record(record_key=place, version=1, by=world.monitor, at=NOW)
    save(screened, "STAGE", **stage())
    assert record_at(screened, "STAGE").state == RecordState.VERIFIED
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    assert record_at(screened, "STAGE").state == RecordState.COMPLETE


def tell(participant: Participant, code: str, check: str, record: str, **values: Any) -> None:
    """A form finds what a check looks for, in one of its records."""
    found = Finding(
        key=check, code=check, level=Level.LISTING, kind="check", target="", targets=(), values=values
    )
    place = RecordKey(form(code), participant)
    propose_deviations(place, [found], record, by=None, at=NOW)


def test_point_24_one_crossover_is_proposed_once(screened: Participant) -> None:
    """Two evaluations and the operation's form tell of one refusal; asking for surgery is another fact."""
    tell(screened, "SURG", "SURG-08", "3", no_surg_reason="patient_refused")
    for record in ("1", "2"):
        tell(screened, "CRE", "CRE-11", record, pt_dec="declines_surgery")
    assert DeviationProposal.objects.filter(participant=screened, rule="crossover").count() == 1
    tell(screened, "CRE", "CRE-11", "2", pt_dec="asks_surgery")
    assert DeviationProposal.objects.filter(participant=screened, rule="crossover").count() == 2


def test_point_24_a_crossover_proposed_by_an_earlier_version_is_not_proposed_again(
    screened: Participant,
) -> None:
    with transaction.atomic():
        trials.propose_deviation(
            participant=screened, rule="crossover", key="CRE-1-CRE-11", detail="", by=None, at=NOW
        )
    tell(screened, "CRE", "CRE-11", "1", pt_dec="declines_surgery")
    assert DeviationProposal.objects.filter(participant=screened, rule="crossover").count() == 1

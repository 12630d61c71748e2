"""A database with codes that readers eat is migrated: under an act, locked and signed records too (issue point 11)."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.db import transaction

from audit.models import Act
from crf.engine.base import RecordState
from crf.engine.former_codes import former_spellings
from crf.locks.records import lock_record
from crf.models import Draft
from crf.records.signing import _content_of, _digest_of, sign_record, signature_holds, verify_record
from crf.store.records import find_stored_record
from crf.store.signatures import standing_signature
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save, place_at, record_at
from tests.integration.crf.test_saving import stage
from tests.world import NOW, PASSWORD, World, as_person, screen

pytestmark = pytest.mark.django_db(transaction=True)
migration = import_module("crf.migrations.0007_codes_that_no_reader_eats")


def test_point_11_stored_codes_are_renamed_and_what_was_signed_and_locked_stays_so(
    world: World, save: Save, superuser: Any
) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant = screen(world, signed_on=date(2026, 1, 5))
        said = stage(pdl1_done="Y", pdl1_clone="28_8", cps=10, tps=5, macro=None)
        save(participant, "STAGE", **said, missing={"macro": "NAP"})
        place = place_at(participant, "STAGE")
        verify_record(record_key=place, version=1, by=world.monitor, at=NOW)
        sign_record(record_key=place, version=1, password=PASSWORD, by=world.investigator, at=NOW)
        lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)
        record = record_at(participant, "STAGE")
        *_later, first = former_spellings(_content_of(place.form, find_stored_record(place)))
        former = _digest_of(first)
    with as_person(world.coordinator), transaction.atomic():
        Draft.objects.create(
            owner=world.coordinator,
            site=world.site,
            saved_at=NOW,
            participant=participant,
            form_code="STAGE",
            raw={"macro__why": "NA", "pdl1_clone": ["28-8"], "free": ["NA and more"]},
        )
    superuser.execute("SET session_replication_role = replica")  # as version 0.2.0 had stored it
    superuser.execute(
        "UPDATE crf_staging SET pdl1_clone = '28-8', missing = '{\"macro\": \"NA\"}' WHERE id = %s",
        [record.pk],
    )
    superuser.execute('UPDATE crf_stagingnode SET missing = \'{"short_mm": "NA", "side": "ND"}\'')
    superuser.execute("UPDATE accounts_signature SET digest = %s", [former])
    superuser.execute("SET session_replication_role = origin")
    with superuser.transaction():
        migration.rename(superuser, migration.RENAMED)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        record = record_at(participant, "STAGE")
        assert (record.pdl1_clone, record.missing, record.state) == (
            "28_8",
            {"macro": "NAP"},
            RecordState.LOCKED,
        )
        assert [row.missing for row in record.node.all()] == [{"short_mm": "NAP", "side": "ND"}]
        act = Act.objects.get(verb="crf:record:upgrade")
        assert act.by is None
        assert act.reason == migration.REASON
        assert [event.answers_act_id for event in record.events.order_by("pgh_id")][-1] == act.pk
        signed = standing_signature(place, record)
        assert signature_holds(place, find_stored_record(place), signed)
    (draft,) = superuser.execute("SELECT raw FROM crf_draft").fetchone()
    assert draft == {"macro__why": "NAP", "pdl1_clone": ["28_8"], "free": ["NA and more"]}
    with superuser.transaction():
        migration.rename(superuser, migration.RENAMED)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Act.objects.filter(verb="crf:record:upgrade").count() == 1, "nothing left, no act"

"""Outcomes of restaging get their own codes in a database that has the former ones (protocol 3.7, 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from audit.models import Act
from crf.engine.former_codes import former_spellings
from crf.models import Draft
from crf.records.signing import _content_of, _digest_of, sign_record, signature_holds, verify_record
from crf.records.verification import verify_derived
from crf.store.records import find_stored_record, record_key_of
from crf.store.signatures import standing_signature
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_choices import evaluated, waiting
from tests.integration.crf.test_consequences import LATER, person, visit
from tests.integration.exports.test_cuts import database_moment
from tests.integration.exports.test_exports import files, kept_in, taken
from tests.world import PASSWORD, World, as_person
from trials.models import Participant

CHAPTERS = ("3.7", "6.3")
__all__ = ["kept_in", "person", "waiting"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)
migration = import_module("crf.migrations.0020_outcomes_of_restaging")
RESIDUE = {
    "local_call": "1",
    "bx_result": "scc",
    "cre_outcome": "RST_RESIDUE",
    "mdt_dt": date(2026, 7, 20),
    "mdt_dec": "surgery",
    "pt_dec": "accepts",
    "pet_done": "Y",
    "pet_dt": date(2026, 7, 10),
}
AS_BEFORE = "UPDATE crf_responseevaluation SET cre_outcome = 'NON_CCR', calc_cre_outcome_calc = 'NON_CCR'"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)


def outcomes(world: World, **asked: Any) -> list[tuple[str, str]]:
    with transaction.atomic():
        rows = files(taken(world, forms=["CRE"], sites=["01"], **asked))["CRE.csv"]
    return [(row["CRE_OUTCOME"], row["CREOUTC_CALC"]) for row in rows]


def migrate(superuser: Any) -> None:
    with superuser.transaction():
        migration.rename(None, SimpleNamespace(connection=superuser))


def test_rare_11_stored_outcomes_of_restaging_get_their_own_codes_and_signatures_hold(
    waiting: Callable[[str], Participant], save: Save, world: World, superuser: Any
) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        patient = waiting("2")
        evaluated(patient, save, "RST", **RESIDUE)
        key = record_key_of(participant=patient, form="CRE", visit=visit(patient, "RST"))
        verify_record(record_key=key, version=1, by=world.monitor, at=LATER)
        sign_record(record_key=key, version=1, password=PASSWORD, by=world.investigator, at=LATER)
        latest, _first = former_spellings(_content_of(key.form, find_stored_record(key)))
        former, visit_id = _digest_of(latest), key.visit.pk if key.visit else None
    with as_person(world.coordinator), transaction.atomic():
        Draft.objects.create(
            owner=world.coordinator,
            site=world.site,
            saved_at=LATER,
            participant=patient,
            form_code="CRE",
            visit_id=visit_id,
            raw={"cre_outcome": ["CCR_SO_FAR"]},
        )
    superuser.execute("SET session_replication_role = replica")  # as version 0.2.0 had stored it
    superuser.execute(AS_BEFORE)
    superuser.execute(AS_BEFORE.replace("evaluation SET", "evaluationevent SET"))
    superuser.execute(
        "UPDATE accounts_signature SET digest = %s WHERE digest = %s",
        [
            former,
            superuser.execute("SELECT digest FROM accounts_signature ORDER BY id DESC LIMIT 1").fetchone()[0],
        ],
    )
    superuser.execute("SET session_replication_role = origin")
    before = database_moment()
    migrate(superuser)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        stored = find_stored_record(key)
        assert stored is not None
        assert (stored.record.cre_outcome, stored.record.cre_outcome_calc) == ("RST_RESIDUE",) * 2
        assert Act.objects.get(verb="crf:record:upgrade").reason == migration.REASON
        assert signature_holds(key, stored, standing_signature(key, stored.record))
        assert list(verify_derived([patient], at=LATER)) == []
    assert superuser.execute("SELECT raw FROM crf_draft").fetchone() == ({"cre_outcome": ["RST_CLEAR"]},)
    later = {"at": before + timedelta(days=1)}
    assert outcomes(world) == [("RST_RESIDUE", "RST_RESIDUE")]
    assert outcomes(world, cut_at=before, **later) == [("RST_RESIDUE", "RST_RESIDUE")]
    migrate(superuser)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Act.objects.filter(verb="crf:record:upgrade").count() == 1, "nothing left, no act"

"""A row under a freeze or a lock refuses whatever SQL the application's role writes, at every level."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import transaction

from accounts.services import sign
from audit.acts import open_act
from audit.locked import LOCKED_STATE, DataLocked
from crf.coding.releases import use_version
from crf.locks.scope import LockScope
from crf.locks.services import LockConditionsFail, lock_study
from crf.models import Record
from followup import services as followup
from followup.models import Visit
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save, make_operated
from tests.integration.crf.test_coding import code, event, load
from tests.integration.crf.test_consequences import numbered
from tests.integration.crf.test_locked_in_the_database import ACT, forged
from tests.made_up_dictionaries import MEDDRA
from tests.races import overlapping
from tests.unit.crf.examples import demographics
from tests.world import NOW, PASSWORD, World, screen
from tests.world_database import committed_world
from trials.lock_guards import DataLockGuard
from trials.models import DataLock, LockLevel, Participant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    world = committed_world()
    with scope(user_id=None, sites=EVERYTHING):
        yield world


@pytest.fixture
def person(world: World, save: Save) -> Participant:
    """Somebody with answers, rows of a group, milestones and visits, of which one took place."""
    with transaction.atomic():
        found = make_operated(screen(world, signed_on=date(2026, 1, 5)))
        save(found, "DM", by=None, values=demographics.AFTER_CANCER, groups=numbered(demographics.CANCERS))
        followup.plan_visits_for(participant=found, by=None, at=NOW)
    return found


NO_GRANT = psycopg.errors.InsufficientPrivilege.sqlstate
RECORD = "id IN (SELECT id FROM crf_record WHERE form_code = 'DM')"
VISIT = "id = (SELECT min(id) FROM followup_visit WHERE state = 'planned')"


def update(table: str, change: str, where: str = "true") -> str:
    return f"UPDATE {table} SET {change}, {ACT} WHERE {where}"  # noqa: S608


FORM_WRITES = {
    "record": update("crf_record", "version = version + 1", RECORD),
    "answers": update("crf_demographics", "height = 170", RECORD),
    "rows": update("crf_demographicscancer", "ca_site = 'x'", f"record_{RECORD}"),
}
VISIT_WRITES = {"visit": update("followup_visit", "proposed_on = '2027-01-01'", VISIT)}
OTHER_WRITES = {
    "milestone": update("trials_milestone", "source = 'x'"),
    "participant": update("trials_participant", "state = 'DEAD'"),
    "new record": "INSERT INTO crf_record SELECT (jsonb_populate_record(NULL::crf_record, to_jsonb(r) || "
    "jsonb_build_object('id', 900001, 'sequence', 90, 'act_id', current_setting('app.act')::bigint))).* "
    "FROM crf_record r LIMIT 1",
}


# Which function says no to a write under an act with a reason, the most that the application's role can bring.
LOCK_GUARDS = {
    "record": "trials_guard_data_lock",
    "answers": "crf_guard_answers_lock",
    "rows": "crf_guard_row_lock",
    "visit": "trials_guard_data_lock",
    "milestone": "trials_guard_data_lock",
    "participant": "trials_guard_participant_lock",
    "new record": "trials_guard_data_lock",
}
DELETES = {
    table: f"DELETE FROM {table}"  # noqa: S608
    for table in (
        *("crf_record", "crf_demographics", "crf_demographicscancer"),
        *("followup_visit", "trials_milestone", "trials_participant"),
    )
}


def attacks(level: LockLevel) -> dict[str, str]:
    """Return raw writes that the lock of a level refuses; each would pass without it."""
    if level in (LockLevel.FORM, LockLevel.VISIT):
        return FORM_WRITES if level == LockLevel.FORM else VISIT_WRITES
    return FORM_WRITES | VISIT_WRITES | OTHER_WRITES


@transaction.atomic
def scopes_of(person: Participant) -> dict[LockLevel, LockScope]:
    visits = Visit.objects.filter(participant=person, state="planned").select_related("participant__site")
    return {
        LockLevel.FORM: LockScope.of_record(
            Record.objects.select_related("visit").get(participant=person, form_code="DM"), person
        ),
        LockLevel.VISIT: LockScope.of_visit(visits.order_by("pk")[0]),
        LockLevel.PARTICIPANT: LockScope.of_participant(person),
        LockLevel.SITE: LockScope.of_site(person.site),
        LockLevel.STUDY: LockScope.of_study(),
    }


def held(world: World, lock_scope: LockScope, kind: str) -> DataLock:
    """The row alone, as a freeze or a lock writes it: what is shown here is what the database makes of it."""
    with open_act("crf:data:lock", by=world.data_manager, at=NOW) as act:
        words: dict[str, Any] = {"by": world.data_manager, "password": PASSWORD, "at": NOW}
        signature = sign(record="lock", digest=hashlib.sha256(b"").hexdigest(), meaning="Locked", **words)
        return DataLock.objects.create(
            **lock_scope.place,
            kind=kind,
            begun_by=world.data_manager,
            begun_at=NOW,
            signature=signature if lock_scope.level >= LockLevel.SITE else None,
            act=act,
        )


def ended(world: World, row: DataLock) -> None:
    with open_act("crf:data:unlock", by=world.data_manager, at=NOW, reason="Test") as act:
        if row.level == LockLevel.STUDY and row.kind == "locked":
            words: dict[str, Any] = {
                "digest": "0" * 64,
                "meaning": "Unlocked",
                "password": PASSWORD,
                "at": NOW,
            }
            row.ending_signature = sign(record="1", by=world.data_manager, **words)
            row.second_signature = sign(record="2", by=world.trial_manager, **words)
        row.ended_by, row.ended_at, row.act = world.data_manager, NOW, act
        row.save()


def refused(sql: psycopg.Connection[Any], statement: str) -> str:
    """Return what the database says of the statement: nothing where it takes it; nothing is kept."""
    try:
        with forged(sql):
            assert sql.execute(statement).rowcount, statement  # an attack that finds no row shows nothing
            raise psycopg.Rollback
    except psycopg.DatabaseError as error:
        return str(error.sqlstate)
    return ""


def guard_of(sql: psycopg.Connection[Any], statement: str) -> str:
    """Return the trigger's function that refuses the statement, the last that psql names under CONTEXT."""
    with pytest.raises(psycopg.DatabaseError) as caught, forged(sql):
        sql.execute(statement)
    return str(re.findall(r"PL/pgSQL function (\w+)\(", caught.value.diag.context or "")[-1])


def told(sql: psycopg.Connection[Any], writes: dict[str, str]) -> dict[str, str]:
    return {name: refused(sql, write) for name, write in writes.items()}


def test_point_17_a_locked_row_refuses_an_update_in_psql_at_every_level(
    world: World, person: Participant, app_sql: psycopg.Connection[Any]
) -> None:
    for level, lock_scope in scopes_of(person).items():
        writes = attacks(level)
        assert told(app_sql, writes) == dict.fromkeys(writes, "")
        row = held(world, lock_scope, "locked")
        assert told(app_sql, writes) == dict.fromkeys(writes, LOCKED_STATE), level.label
        guards = {name: guard_of(app_sql, write) for name, write in writes.items()}
        assert guards == {name: LOCK_GUARDS[name] for name in writes}
        assert told(app_sql, DELETES) == dict.fromkeys(DELETES, NO_GRANT), level.label
        ended(world, row)
    # without a lock nothing is deleted either: the application's role has no right to
    assert told(app_sql, DELETES) == dict.fromkeys(DELETES, NO_GRANT)


def test_point_17_a_freeze_keeps_answers_in_psql_and_lets_states_and_plans_move(
    world: World, person: Participant, app_sql: psycopg.Connection[Any]
) -> None:
    took_place = update("followup_visit", "state = 'done', took_place_on = '2026-11-01'", VISIT)
    kept = FORM_WRITES | {"new record": OTHER_WRITES["new record"], "took place": took_place}
    moves = VISIT_WRITES | {
        "milestone": OTHER_WRITES["milestone"],
        "participant": OTHER_WRITES["participant"],
        "state": update("crf_record", "state = 'verified'"),
    }
    held(world, LockScope.of_study(), "frozen")
    assert told(app_sql, kept) == dict.fromkeys(kept, LOCKED_STATE)
    assert told(app_sql, moves) == dict.fromkeys(moves, "")


def test_point_17_a_lock_of_the_study_ends_by_two_signatures_alone(
    world: World, app_sql: psycopg.Connection[Any]
) -> None:
    held(world, LockScope.of_study(), "locked")
    end = update("trials_datalock", f"ended_at = now(), ended_by_id = {world.data_manager.pk}")
    assert refused(app_sql, end) == psycopg.errors.CheckViolation.sqlstate


# Tables about a participant that a lock leaves as they are, and why.
WITHOUT_LOCK = {
    "accounts_signature": "stands under rows that are locked themselves",
    "trials_datalock": "is the lock",
    "trials_contactrequest": "is about who is no participant yet",
    "trials_identitydigest": "is about who was registered, not about data",
    "trials_samepersonquestion": "is about who was registered, not about data",
    "trials_transfer": "moves nobody out of or into what is locked: the guard of participants",
    "followup_reminder": "says that a visit is near",
    "followup_todo": "is about work, not about data; none waits before a lock",
    "followup_escalation": "says who was told",
    "crf_deriveddifference": "is about the program that works answers out",
    "crf_expectedform": "is worked out from visits",
    "crf_listedfinding": "is worked out from answers",
    "crf_recordverification": "is worked out from verifications",
    "crf_changereason": "stands beside a change of answers, which is refused",
    "crf_entryprompt": "stands beside a save, which is refused",
    "crf_safetyclock": "is worked out from answers; none runs before a lock",
    "crf_workingnote": "is private",
    "crf_attachmentupload": "waits for a word of its sender; what becomes a file is refused below a lock",
    "crf_draft": "keeps what was typed on a page that was open before the lock",
    "crf_revieweranswer": "is what central reviewers say of a record, locked or not",
    "crf_savekey": "says that a page was sent",
    "randomization_allocation": "asks for somebody in screening, of whom there is none before a lock",
}


def test_point_17_every_table_about_a_participant_knows_locks() -> None:
    """Codings and marks of randomization errors were written below a lock: their tables had been forgotten."""
    about = {"participant", "record", "visit"}
    tables = {
        model._meta.db_table: [type(each).__name__ for each in model._meta.constraints]
        for model in apps.get_models()
        if about & {field.name for field in model._meta.fields} and not hasattr(model, "pgh_obj")
    }
    knows = {"DataLockGuard", "AnswersLock", "RowLock"}
    assert {table for table, guards in tables.items() if knows.isdisjoint(guards)} == WITHOUT_LOCK.keys()


def test_point_17_every_such_table_refuses_a_new_row_in_psql(
    world: World, person: Participant, app_sql: psycopg.Connection[Any]
) -> None:
    """Without the lock the row fails for what it lacks; below it the lock is what the database says."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(each, DataLockGuard) for each in model._meta.constraints)
    ]
    writes = {
        table: f"INSERT INTO {table} (participant_id, site_id, act_id) "  # noqa: S608
        "SELECT id, site_id, current_setting('app.act')::bigint FROM trials_participant LIMIT 1"
        for table in tables
    }
    assert LOCKED_STATE not in told(app_sql, writes).values()
    held(world, scopes_of(person)[LockLevel.PARTICIPANT], "locked")
    assert told(app_sql, writes) == dict.fromkeys(tables, LOCKED_STATE)


def test_point_17_nothing_is_coded_below_a_lock(world: World, person: Participant, tmp_path: Path) -> None:
    with transaction.atomic():
        load(tmp_path, MEDDRA)
        use_version(dictionary="meddra", version="1.0", by=world.coder, at=NOW)
        record = event(person, world, "Headache")
    lock_scope = scopes_of(person)[LockLevel.PARTICIPANT]
    row = held(world, lock_scope, "locked")
    with pytest.raises(DataLocked), transaction.atomic():
        code(record, "AE.ae_term", "90000011", by=world.coder)
    ended(world, row)
    held(world, lock_scope, "frozen")
    with transaction.atomic():
        assert code(record, "AE.ae_term", "90000011", by=world.coder).verbatim == "Headache"


def test_point_17_nobody_joins_while_the_study_is_locked(world: World) -> None:
    """The first participant of a site came in beside the lock: who locked waited for participants, not for sites."""

    def lock() -> DataLock:
        words: dict[str, Any] = {"by": world.data_manager, "at": NOW}
        with transaction.atomic(), open_act("crf:data:lock", **words):
            signature = sign(record="lock", digest="0" * 64, meaning="Locked", password=PASSWORD, **words)
            return lock_study(signature=signature, **words)

    _joined, refused = overlapping(lambda: screen(world, site=world.other_site), lock)
    assert isinstance(refused, LockConditionsFail)
    with transaction.atomic():
        assert not DataLock.objects.exists()

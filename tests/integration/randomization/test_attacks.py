"""Whoever takes over the web process has its database role, its SQL and its list key. What that buys.

Every test connects as ``palace3_app``, the role that the web process really uses.
"""

from __future__ import annotations

from contextlib import contextmanager

import psycopg
import pytest
from django.db import transaction
from psycopg import errors

from randomization import services
from randomization.allocation_list.functions import place_binding
from randomization.allocation_list.keys import list_keys
from randomization.models import Scheme
from randomization.scheme.blocks import stratum_slots
from randomization.scheme.generation import salt_of
from randomization.scheme.sealing import Sealed, SealError, arm_content, arm_of, seal, unseal
from tests.database import as_program
from tests.world import NOW, PASSWORD, as_person, screen
from trials.services import create_site

CHAPTERS = ("1.9",)

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("list", "draft", "stratum", "slot", "admitted")
TAKE = "SELECT * FROM allocation.take_next_slot(%s, %s, %s)"


@contextmanager
def forged_act(sql, participant, *, verb="randomization:slot:take", by=None):
    """A transaction that forges the act as the application itself would write it."""
    with sql.transaction():
        as_program(sql)
        row = sql.execute(
            "INSERT INTO audit_act (verb, by_id, role, participant_id, at, reason, request_id) "
            "VALUES (%s, %s, '', %s, now(), '', '') RETURNING id",
            [verb, by, participant],
        ).fetchone()
        sql.execute("SELECT set_config('app.act', %s, true)", [str(row[0])])
        yield


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT * FROM allocation.{}",
        "SELECT count(*) FROM allocation.{}",
        "COPY allocation.{} TO STDOUT",
        "TRUNCATE allocation.{}",
        "DELETE FROM allocation.{}",
        "DROP TABLE allocation.{}",
        "ALTER TABLE allocation.{} OWNER TO palace3_app",
        "CREATE VIEW peek AS SELECT * FROM allocation.{}",
        "DO $$BEGIN LOCK TABLE allocation.{}; END$$",
    ],
)
def test_the_tables_cannot_be_read_emptied_or_taken(part, app_sql, table, attempt):
    with pytest.raises(errors.InsufficientPrivilege):
        app_sql.execute(attempt.format(table))


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE allocation.slot SET participant_id = NULL",
        "UPDATE allocation.stratum SET used = used + 1",
        "SET ROLE palace3_allocator",
        "SET SESSION AUTHORIZATION palace3_allocator",
        "GRANT palace3_allocator TO palace3_app",
        "CREATE FUNCTION allocation.peek() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION allocation.reveal(bigint) RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
        "SELECT allocation.own_act('randomization:slot:take', 1)",
        "ALTER FUNCTION allocation.take_next_slot SET search_path = public",
        "SET session_replication_role = replica",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_the_doors_cannot_be_moved(part, app_sql, attempt):
    with pytest.raises((errors.InsufficientPrivilege, errors.InvalidParameterValue)):
        app_sql.execute(attempt)


def test_every_function_of_the_schema_has_its_own_search_path(superuser, part):
    rows = superuser.execute(
        "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'allocation'::regnamespace AND prosecdef"
    ).fetchall()
    assert len(rows) == 7
    assert all(config and "search_path=pg_catalog, pg_temp" in config for _, config in rows)


def test_taking_a_place_needs_an_act_of_its_own_transaction(world, part, eligible, app_sql):
    participant = eligible()
    call = [participant.pk, part.scheme_id, "01/III"]
    with app_sql.transaction(force_rollback=True):
        as_program(app_sql)
        with pytest.raises(errors.InsufficientPrivilege, match="only inside the act"):
            app_sql.execute(TAKE, call)
    with pytest.raises(errors.InsufficientPrivilege, match="only inside the act"):
        with forged_act(app_sql, participant.pk, verb="crf:answers:save", by=world.investigator.pk):
            app_sql.execute(TAKE, call)
    with pytest.raises(errors.InsufficientPrivilege, match="only inside the act"):
        with forged_act(app_sql, participant.pk, by=None):
            app_sql.execute(TAKE, call)
    with forged_act(app_sql, participant.pk, by=world.investigator.pk):
        old = app_sql.execute("SELECT current_setting('app.act')").fetchone()[0]
    app_sql.execute("SELECT set_config('app.act', %s, false)", [old])
    with pytest.raises(errors.InsufficientPrivilege, match="only inside the act"):
        app_sql.execute(TAKE, call)


def test_nobody_can_look_at_an_arm_and_take_the_look_back(world, part, eligible, app_sql):
    """The heart of the two steps: inside the transaction that takes a place, its arm is not given."""
    participant = eligible()
    with forged_act(app_sql, participant.pk, by=world.investigator.pk):
        app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/III"])
        with pytest.raises(errors.InsufficientPrivilege, match="not revealed in it"):
            app_sql.execute("SELECT * FROM allocation.reveal(%s)", [participant.pk])
        raise psycopg.Rollback


def test_a_savepoint_does_not_help(world, part, eligible, app_sql):
    participant = eligible()
    with forged_act(app_sql, participant.pk, by=world.investigator.pk):
        with app_sql.transaction():
            app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/III"])
        with pytest.raises(errors.InsufficientPrivilege, match="not revealed in it"), app_sql.transaction():
            app_sql.execute("SELECT * FROM allocation.reveal(%s)", [participant.pk])


def test_a_second_connection_does_not_see_a_place_that_is_not_kept_yet(
    world, part, eligible, app_sql, test_database
):
    participant = eligible()
    with psycopg.connect(test_database[1]) as second:
        as_program(second)
        with forged_act(app_sql, participant.pk, by=world.investigator.pk):
            app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/III"])
            assert second.execute("SELECT * FROM allocation.reveal(%s)", [participant.pk]).fetchone() is None


def test_a_place_taken_and_rolled_back_is_the_next_again_and_nothing_was_learnt(
    world, part, eligible, app_sql
):
    participant = eligible()
    taken = []
    for _ in range(2):
        with forged_act(app_sql, participant.pk, by=world.investigator.pk) as _act:
            taken.append(app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/III"]).fetchone())
            raise psycopg.Rollback
    assert taken[0] == taken[1]
    assert taken[0][1] == 1
    assert not {"arm", "sealed", "block"} & {
        str(column.name)
        for column in app_sql.execute(
            "SELECT * FROM allocation.take_next_slot(NULL, NULL, NULL) WHERE false"
        ).description
    }


def test_a_second_call_gives_the_same_place(world, part, eligible, app_sql):
    participant = eligible()
    with forged_act(app_sql, participant.pk, by=world.investigator.pk):
        first = app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/III"]).fetchall()
        again = app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/II"]).fetchall()
    assert first == again
    assert len(first) == 1


def test_no_place_without_a_live_decision_or_in_anothers_stratum(world, part, eligible, answers, app_sql):
    undecided, participant = screen(world), eligible()
    for who, stratum, why in (
        (undecided.pk, "01/III", "no live decision"),
        (participant.pk, "02/III", "not one of the participant's site"),
        (participant.pk, "01/IV", "not one of the participant's site"),
        (999_999, "01/III", "no live decision"),
    ):
        with pytest.raises(errors.InsufficientPrivilege, match=why):
            with forged_act(app_sql, who, by=world.investigator.pk):
                app_sql.execute(TAKE, [who, part.scheme_id, stratum])
    with pytest.raises(errors.InsufficientPrivilege, match="not active"):
        with forged_act(app_sql, participant.pk, by=world.investigator.pk):
            app_sql.execute(TAKE, [participant.pk, 999, "01/III"])


def test_places_cannot_be_skipped(world, part, eligible, app_sql):
    """There is no argument for a position: whoever is next gets what is next."""
    for expected in (1, 2, 3):
        participant = eligible()
        with forged_act(app_sql, participant.pk, by=world.investigator.pk):
            row = app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/III"]).fetchone()
        assert row[1] == expected


def test_a_coming_place_is_revealed_to_nobody(world, part, eligible, app_sql):
    eligible()
    with app_sql.transaction():
        as_program(app_sql)
        for who in (-1, 0, 1, 2, None):
            assert app_sql.execute("SELECT * FROM allocation.reveal(%s)", [who]).fetchall() == []


def test_another_sites_place_is_not_revealed(world, part, eligible, app_sql):
    participant = eligible()
    with forged_act(app_sql, participant.pk, by=world.investigator.pk):
        app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/III"])
    for sites, places in ((str(world.other_site.pk), 0), ("*", 1)):
        with app_sql.transaction():
            as_program(app_sql, sites=sites)
            shown = app_sql.execute("SELECT * FROM allocation.reveal(%s)", [participant.pk]).fetchall()
            assert len(shown) == places


def test_an_old_sealed_arm_played_again_in_a_later_place_does_not_open(world, part, superuser):
    scheme = part.scheme.name
    row = superuser.execute(
        "SELECT s.sealed, s.key_id FROM allocation.slot s JOIN allocation.stratum t ON t.id = s.stratum_id "
        "WHERE t.name = '01/III' AND s.sequence = 1"
    ).fetchone()
    sealed = Sealed(row[1], bytes(row[0]))
    assert arm_of(unseal(list_keys(), sealed, bound=place_binding(scheme, "01/III", 1)))[0] in ("1", "2")
    for stratum, sequence in (("01/III", 2), ("01/II", 1), ("02/III", 1)):
        with pytest.raises(SealError):
            unseal(list_keys(), sealed, bound=place_binding(scheme, stratum, sequence))


def test_a_used_place_stays_used_even_for_the_owner_of_the_schema(
    world, part, eligible, app_sql, test_database
):
    participant = eligible()
    with forged_act(app_sql, participant.pk, by=world.investigator.pk):
        app_sql.execute(TAKE, [participant.pk, part.scheme_id, "01/III"])
    with psycopg.connect(test_database[0], autocommit=True) as owner:
        owner.execute("SET ROLE palace3_allocator")
        for attempt in (
            (
                "UPDATE allocation.slot SET participant_id = NULL, taken_by = NULL, taken_act = NULL, "
                "taken_at = NULL, taken_in = NULL WHERE participant_id IS NOT NULL"
            ),
            "UPDATE allocation.slot SET sequence = sequence + 1000",
            "DELETE FROM allocation.slot",
            "TRUNCATE allocation.slot CASCADE",
            "DELETE FROM allocation.list",
            "DELETE FROM allocation.stratum",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                owner.execute(attempt)


def test_the_arm_on_the_allocation_is_written_once(world, part, eligible, app_sql):
    participant = eligible()
    with as_person(world.investigator):
        services.randomize(
            participant=participant,
            confirmed_stratum="01/III",
            by=world.investigator,
            password=PASSWORD,
            at=NOW,
        )
    for table, column in (
        ("randomization_allocation", "arm"),
        ("trials_participant", "arm"),
        ("randomization_allocation", "number"),
        ("randomization_allocation", "stratum"),
    ):
        with pytest.raises(errors.InsufficientPrivilege, match="set once"):
            with forged_act(app_sql, participant.pk, by=world.investigator.pk):
                app_sql.execute(
                    f"UPDATE {table} SET {column} = '9', act_id = current_setting('app.act')::bigint"  # noqa: S608
                )


def test_a_list_is_stored_only_for_two_people_and_never_over_another(world, part, app_sql):
    """A forged list for strata that have one is refused; so is one that its asker activates."""
    store = (
        "SELECT allocation.store_list(%s, 'X', '\\x00', 'k1', '\\x00', 'k1', ARRAY['01/III'], ARRAY[%s]::bigint[], "
        "ARRAY['01/III'], ARRAY[1], ARRAY[0], ARRAY['R9Z-1'], ARRAY['\\x00']::bytea[], "
        "ARRAY['k1'], ARRAY['\\x00']::bytea[])"
    )
    verb = "randomization:list:activate"
    with pytest.raises(errors.InsufficientPrivilege, match="asked for by one person"):
        with forged_act(app_sql, None, verb=verb, by=world.trial_manager.pk):
            app_sql.execute(store, [part.pk, world.site.pk])
    with pytest.raises(errors.InsufficientPrivilege, match="only inside the act"):
        app_sql.execute(store, [part.pk, world.site.pk])


def test_nobody_seals_more_places_of_their_own_choice(world, part, app_sql, superuser):
    """Two forged people ask for an extension and activate it; its arms would be the attacker's (ADR 8)."""
    scheme, slot = part.scheme, part.places_per_stratum + 1
    with as_person(world.statistician):
        asked = services.ask_for_places(
            scheme=scheme, strata=["01/III"], by=world.statistician, password=PASSWORD, at=NOW
        )
    sealed = seal(list_keys(), arm_content("1", bytes(32)), bound=place_binding(scheme.name, "01/III", slot))
    with pytest.raises(errors.InsufficientPrivilege, match="as the owner of the database admits them"):
        with forged_act(app_sql, None, verb="randomization:list:activate", by=world.second_statistician.pk):
            app_sql.execute(
                "SELECT allocation.store_list(%s, %s, '\\x00', 'k1', '\\x00', 'k1', ARRAY['01/III'], "
                "ARRAY[%s]::bigint[], ARRAY['01/III'], ARRAY[%s], ARRAY[0], ARRAY['R1B-1'], "
                "ARRAY[%s::bytea], ARRAY[%s], ARRAY['\\x00']::bytea[])",
                [asked.pk, scheme.name, world.site.pk, slot, sealed.blob, sealed.key_id],
            )
    with pytest.raises(errors.InsufficientPrivilege):
        app_sql.execute(
            "INSERT INTO allocation.admitted (part_id, admitted_by) VALUES (%s, 'me')", [asked.pk]
        )


def test_a_dump_of_the_whole_database_holds_no_coming_arm_seed_or_block(world, part, superuser):
    """Every value of every table, as text, against everything that the seed of the list would give."""
    seed, design = planted_list(world, part)
    dump = dump_of(superuser)
    assert seed not in dump
    assert seed.encode().hex() not in dump
    slots = stratum_slots(design, seed=seed, stratum="03/II", count=part.places_per_stratum)
    assert not [slot for slot in slots if salt_of(seed, "03/II", slot.sequence).hex() in dump]
    assert "block" not in dump.replace("palace3-blocks-1", "")
    assert design.canonical().hex() not in dump


def test_what_is_stored_of_a_place_is_alike_whatever_its_arm(world, part, superuser):
    """Equal lengths everywhere and equal counts in every stratum: neither arm nor end of a block shows."""
    slots = superuser.execute("SELECT row_to_json(s) FROM allocation.slot AS s").fetchall()
    assert len({len(slot[0]["sealed"]) for slot in slots}) == 1
    assert not any({"arm", "block", "block_size", "salt"} & set(slot[0]) for slot in slots)
    sizes = superuser.execute("SELECT DISTINCT size FROM allocation.stratum").fetchall()
    assert sizes == [(part.places_per_stratum,)]


def planted_list(world, part):
    """A list for a new site from a seed that the test knows."""
    seed = "planted-seed-7c1f0d"
    with as_person(world.statistician):
        with transaction.atomic():
            site = create_site(
                code="03",
                name="New",
                name_zh="新",
                city="X",
                city_zh="X",
                time_zone="Asia/Shanghai",
                by=world.trial_manager,
                at=NOW,
            )
            scheme = Scheme.objects.get()
        asked = services.ask_for_sites(
            scheme=scheme, sites=[site], by=world.statistician, password=PASSWORD, at=NOW
        )
        services.activate_list(part=asked, by=world.second_statistician, password=PASSWORD, at=NOW, seed=seed)
        with transaction.atomic():
            design = services.look_at_design(scheme=scheme, by=world.statistician, at=NOW)
    return seed, design


def dump_of(superuser):
    tables = superuser.execute(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND n.nspname IN ('public', 'allocation') AND c.relname <> 'django_migrations'"
    ).fetchall()
    return "\n".join(
        row[0]
        for (table,) in tables
        for row in superuser.execute(f"SELECT row_to_json(t)::text FROM {table} AS t").fetchall()  # noqa: S608
    )

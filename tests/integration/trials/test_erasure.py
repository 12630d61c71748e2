"""Who asked for a call is gone when its time has come: from every table, every event table, and every dump since."""

from __future__ import annotations

import io
import subprocess
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client

from audit.acts import open_act
from kernel.scope import scope
from tests.clock import Clock
from tests.database import as_program
from tests.integration.trials.contact_world import (
    SENT_AT,
    TELLING,
    WHO,
    as_the_system,
    everything,
    later,
    receive,
)
from tests.world import World, as_person
from tests.world_database import committed_world
from trials.models import ContactIdentity, ContactRequest
from website.contact.counting import asked_for_a_call, count_requests
from website.services import requests as services
from website.services.erasing import erase_in_time, erase_on_request, receipt_of
from website.tasks import forget

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return committed_world()


def cipher(superuser: psycopg.Connection[Any]) -> bytes:
    row = superuser.execute("SELECT sealed FROM trials_contactidentity").fetchone()
    assert row
    return bytes(row[0])


def dump_of(test_database: tuple[str, str], admin_url: str) -> str:
    """Return what pg_dump writes of the whole database: a backup made now."""
    from demo.servers.postgres import find_binaries
    from kernel.postgresql.roles import url_of

    address = url_of(admin_url, database=urlsplit(test_database[1]).path.lstrip("/"))
    found = subprocess.run([str(find_binaries() / "pg_dump"), address], capture_output=True, check=True)
    return found.stdout.decode("utf-8", "replace")


def close(world: World, request: ContactRequest, at: datetime) -> None:
    with as_person(world.coordinator):
        by: dict[str, Any] = {"by": world.coordinator, "at": at}
        services.record_call(request=request, called_at=at, result="reached", remark="asked for 小华", **by)
        services.close_request(request=request, how="declined", remark="小华 wants none", **by)


def test_it_is_sealed_while_it_is_kept(world: World, superuser: psycopg.Connection[Any]) -> None:
    receive()
    found = {table for table, rows in everything(superuser).items() for word in TELLING if word in rows}
    assert found == set(), "nothing that was typed stands anywhere in clear"
    assert len(cipher(superuser)) > 100


def test_after_closing_and_its_time_it_is_gone_from_tables_and_dumps_and_its_count_stays(
    world: World,
    clock: Clock,
    superuser: psycopg.Connection[Any],
    test_database: tuple[str, str],
    admin_url: str,
) -> None:
    request = receive()
    close(world, request, later(hours=1))
    sealed = cipher(superuser).hex()
    assert sealed in dump_of(test_database, admin_url), (
        "a dump made before holds the sealed row: the test can fail"
    )
    clock.go(later(days=89))
    forget()
    assert cipher(superuser).hex() == sealed
    clock.go(later(days=91))
    forget()
    forget()
    rows = everything(superuser)
    assert not [table for table, text in rows.items() if sealed in text]
    assert not [(table, word) for table, text in rows.items() for word in TELLING if word in text]
    dump = dump_of(test_database, admin_url)
    assert sealed not in dump
    assert "ABCD-2345" in dump, "the request itself stays"
    assert not [word for word in TELLING if word in dump]
    assert asked_for_a_call() == 1
    assert [(count.site, count.received, count.closed_otherwise) for count in count_requests()] == [
        ("01", 1, 1)
    ]


def test_a_request_that_nobody_closed_does_not_keep_anybody_for_ever(world: World, clock: Clock) -> None:
    receive()
    clock.go(later(days=181))
    forget()
    with as_the_system():
        found = ContactRequest.objects.get()
        assert (found.state, found.erased_at) == ("unreached", later(days=181))


def test_erasure_on_request_is_one_action_with_proof(
    world: World, clock: Clock, superuser: psycopg.Connection[Any]
) -> None:
    request = receive()
    sealed = cipher(superuser).hex()
    with (
        pytest.raises(DatabaseError, match="erased under an act that says so"),
        as_person(world.coordinator),
        open_act("trials:request:look", by=world.coordinator, at=clock.now()),
    ):
        ContactIdentity.objects.filter(request_id=request.pk).delete()
    client = Client()
    client.force_login(world.coordinator)
    assert client.get("/requests/ABCD-2345/receipt/").status_code == 409
    assert client.post("/requests/ABCD-2345/erase/").status_code == 302
    assert not [table for table, text in everything(superuser).items() if sealed in text]
    page = client.get("/requests/ABCD-2345/").text
    assert "names nobody" in page
    assert not [word for word in TELLING if word in page]
    paper = client.get("/requests/ABCD-2345/receipt/")
    assert paper.headers["Content-Type"] == "application/pdf"
    with as_the_system(), transaction.atomic():
        found = ContactRequest.objects.get()
        assert found.state == "erased"
        assert found.act.verb == "trials:request:erase"
        before = receipt_of(found)
        assert len(before) == 64
    assert client.post("/requests/ABCD-2345/erase/").status_code == 409
    with as_person(world.coordinator), transaction.atomic():
        assert receipt_of(ContactRequest.objects.get(pk=request.pk)) == before


def test_raw_sql_in_another_sites_setting_finds_nothing(
    world: World, app_sql: psycopg.Connection[Any]
) -> None:
    receive()
    tables = (
        "trials_contactrequest",
        "trials_contactrequestevent",
        "trials_contactidentity",
        "trials_contactattempt",
    )
    settings: tuple[tuple[str, str, str], ...] = (
        (str(world.stranger.pk), str(world.other_site.pk), str(world.other_site.pk)),
        (str(world.data_manager.pk), "*", ""),
        (str(world.coordinator.pk), str(world.site.pk), ""),
        ("", "", ""),
        ("", str(world.site.pk), ""),
    )
    for user, sites, confided in settings:
        with app_sql.transaction():
            as_program(app_sql, person=int(user) if user else None, sites=sites, confided=confided)
            for table in tables:
                counted = app_sql.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 (literals above)
                assert counted == (0,), (user, sites, table)
    with app_sql.transaction():
        as_program(app_sql)
        assert app_sql.execute("SELECT count(*) FROM trials_contactrequest").fetchone() == (1,)
        assert app_sql.execute("SELECT count(*) FROM trials_contactidentity").fetchone() == (0,)


def test_a_sealed_row_cannot_be_moved_to_another_request(world: World) -> None:
    from website.identity import IdentityUnreadable

    receive()
    other = receive(
        reference="EFGH-6789", typed=WHO.__class__(**{**WHO.__dict__, "phone": "+8613900139000", "email": ""})
    )
    with services.only_of(world.site.pk), transaction.atomic():
        first = ContactIdentity.objects.get(request__reference="ABCD-2345")
        ContactIdentity.objects.filter(request=other).update(sealed=bytes(first.sealed))
        with pytest.raises(IdentityUnreadable):
            services.read_identity(other)


def test_the_database_itself_takes_a_request_only_at_an_active_site(
    world: World, app_sql: psycopg.Connection[Any], superuser: psycopg.Connection[Any]
) -> None:
    from audit.acts import open_act
    from trials import services as trials

    with as_the_system():
        trials.move_site(site=world.site, to="suspended", by=world.trial_manager, at=SENT_AT, reason="full")
    with pytest.raises(DatabaseError, match="not active"), services.only_of(world.site.pk):
        with open_act("trials:request:receive", by=None, at=SENT_AT, site=world.site) as act:
            ContactRequest.objects.create(
                reference="ABCD-2345", site=world.site, received_at=SENT_AT, act=act
            )


def test_a_visitors_scope_reaches_one_site_only(world: World) -> None:
    theirs = receive("02")
    for table in (ContactIdentity, ContactRequest):
        with services.only_of(world.site.pk), transaction.atomic():
            assert not table.objects.exists()
    with pytest.raises(DatabaseError, match="row-level security"), services.only_of(world.site.pk):
        with transaction.atomic():
            ContactIdentity.objects.create(request_id=theirs.pk, site=world.other_site, sealed=b"")


def test_erasing_twice_is_refused_and_in_time_is_quiet(world: World) -> None:
    from website.services.erasing import ErasedAlready

    request = receive()
    with as_person(world.coordinator):
        erase_on_request(request=request, by=world.coordinator, at=SENT_AT)
        with pytest.raises(ErasedAlready):
            erase_on_request(request=request, by=world.coordinator, at=SENT_AT)
    with as_the_system():
        assert erase_in_time(request=request, at=later(days=999)) is False


def test_keys_are_changed_while_rows_are_kept(
    world: World, settings: Any, superuser: psycopg.Connection[Any]
) -> None:
    import base64

    from django.core.management import call_command

    receive()
    before, old = cipher(superuser), settings.PALACE3_IDENTITY_KEY
    new = base64.b64encode(bytes(range(32, 64))).decode()
    settings.PALACE3_IDENTITY_KEY = f"{new},{old}"
    with services.only_of(world.site.pk), transaction.atomic():
        assert services.read_identity(ContactRequest.objects.get())
    call_command("rotate_identity_key", verbosity=0)
    settings.PALACE3_IDENTITY_KEY = new
    assert cipher(superuser) != before
    with services.only_of(world.site.pk), transaction.atomic():
        identity = services.read_identity(ContactRequest.objects.get())
    assert identity is not None
    assert identity["last_name"] == WHO.last_name


def test_without_a_key_nothing_is_kept(world: World, settings: Any) -> None:
    from website.identity import IdentityKeyAbsent

    settings.PALACE3_IDENTITY_KEY = ""
    with pytest.raises(IdentityKeyAbsent):
        receive()
    with as_the_system(), transaction.atomic():
        assert not ContactRequest.objects.exists()


def test_two_presses_at_once_are_one_request(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    def press(_n: int) -> Any:
        try:
            with scope(user_id=None, sites=()):
                return services.receive_request(site_code="01", typed=WHO, reference="ABCD-2345", at=SENT_AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as hands:
        made = [result for result in hands.map(press, range(4)) if result is not None]
    assert len(made) == 1


def test_at_the_end_of_the_trial_closed_requests_are_erased_with_a_reason(
    world: World, superuser: psycopg.Connection[Any]
) -> None:
    closed, opened = receive(), receive(reference="WXYZ-6789")
    close(world, closed, later(hours=1))

    def erase(before: str, **more: Any) -> str:
        out = io.StringIO()
        call_command(
            "erase_contact_requests",
            before=date.fromisoformat(before),
            stdout=out,
            **{"reason": "the trial has ended", **more},
        )
        return out.getvalue()

    assert "1 would be erased of 2 kept" in erase("2026-11-21")
    assert "0 were erased" in erase("2026-11-20", really=True)
    with pytest.raises(CommandError, match="reason"):
        erase("2026-11-21", reason=" ", really=True)
    assert "1 were erased; 1 are kept" in erase("2026-11-21", really=True)
    kept = superuser.execute("SELECT request_id FROM trials_contactidentity").fetchall()
    assert kept == [(opened.pk,)], "somebody still waits for this call"
    act = superuser.execute(
        "SELECT reason FROM audit_act WHERE verb = 'trials:request:erase_at_end'"
    ).fetchall()
    assert act == [("the trial has ended",)]
    assert "0 were erased" in erase("2026-11-21", really=True)

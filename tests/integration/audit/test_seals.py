"""Whatever is touched behind the program's back is found and named."""

from __future__ import annotations

import time
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import Act, Seal
from audit.seals import seal_batch
from audit.verify import verify
from kernel.scope import EVERYTHING, scope
from tests.database import as_program
from tests.world import NOW, screen
from tests.world_database import committed_world
from trials import services

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = "(SELECT min(pgh_id) FROM trials_siteevent)"


@pytest.fixture
def sealed() -> Any:
    world = committed_world()
    screen(world)
    with scope(user_id=None, sites=EVERYTHING):
        services.change_site(site=world.site, by=world.trial_manager, at=NOW, reason="Moved", city="Suzhou")
    seal_everything()
    return world


def seal_everything() -> None:
    """Seal all that is written; transactions of other test processes on the server hold sealing up."""
    given_up = time.monotonic() + 120
    while time.monotonic() < given_up:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            seal_batch(at=NOW)
            last = Seal.objects.order_by("-last_act").first()
            newest = Act.objects.order_by("-pk").values_list("pk", flat=True)[0]
        if last is not None and last.last_act == newest:
            return
        time.sleep(0.2)
    raise AssertionError("something on this server holds a transaction open for minutes")


def findings() -> list[str]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return [str(finding) for finding in verify()]


def test_a_seal_more_is_compared_by_a_few_statements(sealed: Any) -> None:
    """A trial has many small seals: each asks for the tables of which it holds rows, not for every recorded one."""
    with CaptureQueriesContext(connection) as before:
        assert findings() == []
    with scope(user_id=None, sites=EVERYTHING):
        services.change_site(site=sealed.site, by=sealed.trial_manager, at=NOW, reason="On", city="Wuxi")
    seal_everything()
    with CaptureQueriesContext(connection) as after:
        assert findings() == []
    assert 0 < len(after) - len(before) < 10


def as_owner(superuser: psycopg.Connection[Any], statement: str) -> None:
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(statement)
    superuser.execute("RESET session_replication_role")


def test_an_untouched_trail_verifies(sealed: Any) -> None:
    assert findings() == []
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "untouched" in out.getvalue()
    assert Seal.objects.count() >= 1


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE audit_act SET reason = 'other' WHERE id = (SELECT min(id) FROM audit_act)", ": altered"),
        ("DELETE FROM audit_act WHERE verb = 'trials:site:change'", "audit_act row"),
        (f"UPDATE trials_siteevent SET city = 'Wuhan' WHERE pgh_id = {FIRST}", "altered"),  # noqa: S608
        (f"DELETE FROM trials_siteevent WHERE pgh_id = {FIRST}", "removed"),  # noqa: S608
        ("UPDATE trials_site SET city = 'Wuhan' WHERE code = '01'", "differs from its last version"),
        ("DELETE FROM trials_consent", "trials_consent row"),
        ("UPDATE trials_consent SET id = id + 1000", ": removed"),
        ("UPDATE audit_seal SET root = repeat('0', 64)", "does not fit its own chain"),
    ],
)
def test_what_was_touched_is_named(
    sealed: Any, superuser: psycopg.Connection[Any], statement: str, named: str
) -> None:
    as_owner(superuser, statement)
    assert any(named in line for line in findings())


def test_a_row_slipped_in_is_named(sealed: Any, superuser: psycopg.Connection[Any]) -> None:
    as_owner(
        superuser,
        "INSERT INTO trials_siteevent SELECT (jsonb_populate_record(NULL::trials_siteevent,"
        " to_jsonb(e) || '{\"pgh_id\": 9001}')).* FROM trials_siteevent e ORDER BY pgh_id LIMIT 1",
    )
    assert "trials_siteevent row 9001: slipped in" in findings()


def test_sealing_waits_for_transactions_still_open(sealed: Any, app_sql: psycopg.Connection[Any]) -> None:
    with app_sql.transaction():
        as_program(app_sql)
        app_sql.execute(
            "INSERT INTO audit_act (verb, role, at, reason, request_id) VALUES ('open', '', now(), '', '')"
        )
        with scope(user_id=None, sites=EVERYTHING):
            services.change_site(
                site=sealed.site, by=sealed.trial_manager, at=NOW, reason="Back", city="Shanghai"
            )
            assert seal_batch(at=NOW) is None
    seal_everything()
    assert findings() == []

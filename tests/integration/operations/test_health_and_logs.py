"""What a balancer is told, and what never stands in any log."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from gunicorn.glogging import SafeAtoms

from operations.services import note_alive
from palace3.logging import LOGGING, JsonFormatter
from tests.clock import Clock, clock_time

pytestmark = pytest.mark.django_db(transaction=True)
PLANTED = "PLANTED-7f3a"


@pytest.fixture
def on_time(clock: Clock, superuser: psycopg.Connection[Any]) -> None:
    row = superuser.execute("SELECT clock_timestamp()").fetchone()
    assert row
    clock.go(row[0])


def ready() -> tuple[int, dict[str, str]]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def test_a_node_without_a_broker_serves_and_says_that_it_is_degraded(on_time: None, settings: Any) -> None:
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    note_alive("beat", at=clock_time())
    status, said = ready()
    assert (status, said["state"], said["broker"], said["beat"]) == (200, "degraded", "degraded", "ok")
    note_alive("beat", at=clock_time() - timedelta(minutes=4))
    assert ready()[1]["beat"] == "degraded"


def test_a_node_whose_clock_is_ahead_gets_no_work(on_time: None, clock: Clock) -> None:
    assert ready()[1]["clock"] == "ok"
    clock.go(clock.now() + timedelta(minutes=25))
    status, said = ready()
    assert (status, said["state"], said["clock"]) == (503, "away", "away")


def test_a_node_without_the_list_of_static_files_gets_no_work_and_its_error_page_comes(
    on_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.staticfiles.storage import staticfiles_storage

    def missing(name: str) -> str:
        raise ValueError(f"Missing staticfiles manifest entry for '{name}'")

    monkeypatch.setattr(staticfiles_storage, "url", missing)
    assert ready()[0] == 503
    page = Client(raise_request_exception=False).get("/accounts/sign-in/")
    assert page.status_code == 500
    assert b"Nothing was saved" in page.content


def test_gunicorns_own_lines_hold_neither_cookie_nor_query() -> None:
    """A request that Django never answered has no number, and its line is written all the same."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("tests.gunicorn.access")
    log.propagate, log.handlers = False, [handler]
    log.setLevel("INFO")
    atoms = SafeAtoms({"m": "GET", "U": "/", "s": "500", "B": 141, "D": 9, "{cookie}i": PLANTED})
    from palace3.gunicorn import access_log_format

    log.info(access_log_format, atoms)
    log.error("Error handling request %s", f"/participants/?q={PLANTED}")
    log.error("%d of them", PLANTED)  # a sentence that cannot be filled
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == 3
    assert lines[0]["message"] == "GET / 500 141 bytes 9 us, request -"
    assert PLANTED not in out.getvalue()
    assert not logging.raiseExceptions
    assert LOGGING["formatters"]["json"]["()"] == "palace3.logging.JsonFormatter"


def test_the_log_of_slow_queries_of_the_server_holds_no_answer(
    admin_url: str, test_database: tuple[str, str]
) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        folder = admin.execute("SHOW data_directory").fetchone()
        assert folder
        log = Path(folder[0]) / "server.log"
        begins = log.stat().st_size
        for name, value in (("log_min_duration_statement", "0"), ("log_min_error_statement", "error")):
            admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        try:
            admin.execute("SELECT pg_reload_conf()")
            connection.close()
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT %s::text", [PLANTED])
            with pytest.raises(Exception, match="invalid input"), transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT %s::int", [PLANTED])
        finally:
            for name in ("log_min_duration_statement", "log_min_error_statement"):
                admin.execute(f"ALTER SYSTEM RESET {name}")
            admin.execute("SELECT pg_reload_conf()")
    written = log.read_bytes()[begins:].decode()
    assert "ALTER SYSTEM RESET" in written, "the server did log statements of others"
    assert PLANTED not in written

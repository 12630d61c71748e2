"""Maintenance: nothing is written while it is on, pages can be read, tasks come back afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from audit.acts import record_act
from kernel.maintenance import MaintenanceMode, maintenance
from kernel.scope import EVERYTHING, scope
from kernel.tasks import task
from tests.clock import clock_time
from tests.world import World
from trials.models import Participant

pytestmark = pytest.mark.django_db
HEARD: list[str] = []


@pytest.fixture(autouse=True)
def mark(settings: Any, tmp_path: Path) -> Path:
    settings.MAINTENANCE_FILE = tmp_path / "shared" / "maintenance.json"
    return Path(settings.MAINTENANCE_FILE)


def switch(*words: str, **options: Any) -> None:
    call_command("maintenance", *words, **options)


def test_reading_goes_on_and_nothing_is_saved(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    client = Client()
    client.force_login(world.coordinator)
    switch("on", minutes=20)
    assert "read_only" in capsys.readouterr().out
    page = client.get("/work-list/")
    assert page.status_code == 200
    assert "20 minutes" in page.text
    refused = client.post("/participants/register/", {"sex": "M"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert "Nothing was saved" in refused.text
    told = client.post("/participants/register/", headers={"Accept": "application/json"}).json()
    assert "Nothing was saved" in told["message"]
    assert client.post("/api/v1/participants/").json()["code"] == "maintenance"
    assert not Participant.objects.exists()
    switch("off")
    capsys.readouterr()
    switch()
    assert capsys.readouterr().out == "maintenance: off\n"
    assert client.post("/participants/register/", {}).status_code != 503
    assert maintenance() is None


def test_reading_writes_no_session(world: World) -> None:
    client = Client()
    client.force_login(world.coordinator)
    before = client.session.get("seen_at")
    switch("on")
    assert client.get("/work-list/").status_code == 200
    assert client.session.get("seen_at") == before


def test_closed_asks_the_database_nothing(world: World, django_assert_num_queries: Any) -> None:
    client = Client()
    client.force_login(world.coordinator)
    switch("on", closed=True)
    with django_assert_num_queries(0):
        page = client.get("/work-list/", headers={"Accept-Language": "zh-hans"})
        sign_in = Client().get("/accounts/sign-in/")
    assert (page.status_code, sign_in.status_code) == (503, 503)
    assert client.get("/healthz").status_code == 200


def test_a_mark_that_cannot_be_read_closes(mark: Path) -> None:
    mark.parent.mkdir(parents=True)
    for text in ("", "{}", json.dumps({"mode": "half", "since": ""})):
        mark.write_text(text)
        now = maintenance()
        assert now is not None
        assert now.mode is MaintenanceMode.CLOSED


def test_a_task_comes_back_after_maintenance(monkeypatch: pytest.MonkeyPatch) -> None:
    @task(name="tests:under_maintenance")
    def run() -> str:
        HEARD.append("ran")
        return "ran"

    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(run, "apply_async", lambda **told: sent.append(told))
    switch("on")
    assert run.apply(args=()).result is None
    assert (HEARD, sent) == ([], [{"args": (), "kwargs": {}, "countdown": 60}])
    switch("off")
    assert run.apply().result == "ran"


@pytest.mark.django_db(transaction=True)
def test_an_upgrade_that_was_killed_is_ended_on_purpose(
    world: World,
    admin_url: str,
    test_database: tuple[str, str],
    superuser: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed with -9 the upgrade leaves two things: the file, and a database that refuses what the program writes."""
    owner, app = test_database
    name = urlsplit(owner).path.lstrip("/")
    for variable, value in {
        "DATABASE_ADMIN_URL": admin_url, "DATABASE_OWNER_URL": owner, "DATABASE_URL": app
    }.items():  # fmt: skip
        monkeypatch.setenv(variable, value)
    switch("on", closed=True)
    superuser.execute(f'ALTER ROLE palace3_app IN DATABASE "{name}" SET default_transaction_read_only = on')
    connection.close()
    try:
        with pytest.raises(CommandError, match="still refuses every write"):
            switch("off")
        assert maintenance()
        superuser.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('crf', '9999_new', now())"
        )
        with pytest.raises(CommandError, match=r"crf\.9999_new"):
            call_command("upgrade", end_broken=True)
        superuser.execute("DELETE FROM django_migrations WHERE name = '9999_new'")
        call_command("upgrade", end_broken=True)
    finally:
        superuser.execute(f'ALTER ROLE palace3_app IN DATABASE "{name}" RESET default_transaction_read_only')
    assert maintenance() is None
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        record_act("tests:upgrade:end", by=None, at=clock_time())

"""The watch in three shapes: an exit code, figures for Prometheus, and a call that stops."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from accounts.services import write_mail
from audit.acts import open_act
from kernel.scope import EVERYTHING, scope
from operations.dead_man import call
from operations.services import keep_unsent, note_alive
from operations.watching import ASKED, WatchLevel, readings
from tests.clock import clock_time
from tests.world import NOW, World

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[3]


def watch(capsys: pytest.CaptureFixture[str], *only: str) -> tuple[int, str]:
    try:
        call_command("watch", only=list(only))
    except SystemExit as ended:
        return int(str(ended.code)), capsys.readouterr().out
    return 0, capsys.readouterr().out


def test_beat_that_falls_silent_is_told_within_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(capsys, "beat") == (2, "PALACE3 CRITICAL - beat: never | \n")
    note_alive("beat", at=clock_time())
    code, said = watch(capsys, "beat")
    assert code == 0
    assert said.startswith("PALACE3 OK - beat: last heard of 0 min ago | beat=")
    note_alive("beat", at=clock_time() - timedelta(minutes=4))
    assert watch(capsys, "beat")[0] == 2


def test_mail_that_does_not_leave_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with scope(user_id=None, sites=EVERYTHING), open_act("tests:mail:write", by=None, at=NOW):
        write_mail(
            to=None, address="somebody@example.org", kind="tests", key="one", subject="S", body="B",
            language="en", site=None, at=NOW - timedelta(minutes=11),
        )  # fmt: skip
    code, said = watch(capsys, "mail")
    assert code == 2
    assert "1 wait, the oldest 11 min" in said


def test_what_is_broken_comes_before_what_is_unknown(
    capsys: pytest.CaptureFixture[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_at: Any) -> Any:
        raise OSError

    keep_unsent("trials:send_letter", [1])
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setitem(ASKED, "disk", unknown)
    assert watch(capsys, "unsent_tasks")[0] == WatchLevel.WARNING
    assert watch(capsys, "disk", "unsent_tasks")[0] == WatchLevel.UNKNOWN
    code, said = watch(capsys, "broker", "disk", "unsent_tasks")
    assert code == WatchLevel.CRITICAL
    assert "disk: could not be asked: OSError" in said


def test_every_reading_can_be_taken_in_a_trial(world: World) -> None:
    unknown = {each.name: each.seen for each in readings(at=NOW) if each.level is WatchLevel.UNKNOWN}
    assert unknown == {}
    assert {each.name for each in readings(at=NOW)} == set(ASKED)


def test_metrics_are_for_this_machine_or_for_the_token(settings: Any) -> None:
    assert Client().get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="10.0.0.9").get("/metrics").status_code == 404
    assert Client(headers={"X-Forwarded-For": "10.0.0.9"}).get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "of-the-watch"
    assert Client().get("/metrics").status_code == 404
    told = Client(REMOTE_ADDR="10.0.0.9", headers={"Authorization": "Bearer of-the-watch"})
    assert told.get("/metrics").status_code == 200
    wrong = Client(headers={"Authorization": "Bearer of-the-witch"})
    assert wrong.get("/metrics").status_code == 404


def test_metrics_name_views_and_nobody(world: World) -> None:
    Client().get("/participants/01-0001/")
    Client().get("/accounts/sign-in/?q=SEARCHED")
    text = Client().get("/metrics").content.decode()
    assert 'view="accounts:sign-in"' in text
    assert "01-0001" not in text
    assert "SEARCHED" not in text
    assert not re.search(r"(?<!-)\barm\b|stratum", text)
    assert {f'palace3_level{{reading="{name}"}}' in text for name in ASKED} == {True}
    drawn = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = {target["expr"] for panel in drawn["panels"] for target in panel["targets"]}
    named = {name for expression in asked for name in re.findall(r"palace3_\w+", expression)}
    assert all(name in text for name in named)
    readings_drawn = {name for expression in asked for name in re.findall(r'reading="(\w+)"', expression)}
    assert readings_drawn <= set(ASKED)


@pytest.fixture
def watcher() -> Iterator[tuple[str, list[str]]]:
    heard: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/alive", heard
    server.shutdown()
    server.server_close()


def test_the_watch_outside_is_called_and_its_absence_fails_nothing(
    watcher: tuple[str, list[str]], settings: Any
) -> None:
    address, heard = watcher
    settings.DEAD_MAN_URL = ""
    assert not call()
    settings.DEAD_MAN_URL = address
    assert call()
    assert heard == ["/alive"]
    settings.DEAD_MAN_URL = "http://127.0.0.1:1/alive"
    assert not call()
    with transaction.atomic():
        assert not call()

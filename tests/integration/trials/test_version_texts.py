"""The text of a version in use stands in the database; a file that says something else is found out everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, transaction
from django.test import Client

from kernel.postgresql.roles import url_of
from kernel.scope import EVERYTHING, scope
from palace3.protocol_texts import ProtocolTextAltered, refuse_altered
from protocol.text import digest_of, source_of
from tests.database import SECRET_KEY
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, TODAY, World, screen
from trials import services as trials
from trials.models import Site, VersionText
from trials.services.version_texts import VersionTextChanged, altered_texts

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
SECOND = amended()
ALTERED = SECOND.replace("before = 21, after = 21", "before = 20, after = 20", 1)


@pytest.fixture(autouse=True)
def everywhere() -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def folder(path: Path, name: str) -> Path:
    made = path / name
    made.mkdir()
    return made


@transaction.atomic
def open_second(world: World, site: Site) -> None:
    told: dict[str, Any] = {"site": site, "version": "2.0", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=TODAY, **LETTER, **told)
    trials.open_site_version(reason="Amendment 1", **told)


def test_rare_03_the_text_of_a_version_in_use_is_on_record(world: World, tmp_path: Path) -> None:
    screen(world)
    with shelf(tmp_path, v2_0=SECOND):
        open_second(world, world.site)
        kept = dict(VersionText.objects.values_list("version", "digest"))
        assert kept == {"1.0": digest_of("1.0"), "2.0": digest_of("2.0")}
        assert VersionText.objects.get(version="2.0").source == SECOND == source_of("2.0")
        assert altered_texts() == []
        refuse_altered()


def test_rare_03_a_file_changed_after_the_opening_is_refused_everywhere(world: World, tmp_path: Path) -> None:
    with shelf(folder(tmp_path, "then"), v2_0=SECOND):
        open_second(world, world.site)
    with shelf(folder(tmp_path, "now"), v2_0=ALTERED):
        with pytest.raises(ProtocolTextAltered, match=r"The file 2\.0\.toml has digest"):
            refuse_altered()
        with pytest.raises(SystemCheckError, match=r"The file 2\.0\.toml has digest"):
            call_command("check", databases=["default"])
        ready = Client().get("/readyz")
        assert (ready.status_code, ready.json()["protocol"]) == (503, "away")
        with pytest.raises(VersionTextChanged, match="a version with a number of its own"):
            open_second(world, world.other_site)
    with shelf(folder(tmp_path, "gone")), pytest.raises(ProtocolTextAltered, match="it is missing"):
        refuse_altered()


def test_rare_03_the_text_on_record_is_never_changed(world: World) -> None:
    screen(world)
    with pytest.raises(DatabaseError), transaction.atomic():
        VersionText.objects.update(digest="0" * 64)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("text", "starts"), [(SECOND, True), (ALTERED, False)])
def test_rare_03_a_web_process_starts_only_on_the_text_that_sites_follow(
    world: World, tmp_path: Path, test_database: tuple[str, str], text: str, starts: bool
) -> None:
    with shelf(folder(tmp_path, "then"), v2_0=SECOND):
        open_second(world, world.site)
    with shelf(folder(tmp_path, "now"), v2_0=text) as files:
        told = {"DATABASE_URL": test_database[1], "SECRET_KEY": SECRET_KEY, "PROTOCOL_FOLDER": str(files)}
        run = subprocess.run(
            [sys.executable, "-c", "import palace3.wsgi"],
            cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (run.returncode == 0) is starts, run.stderr
    assert starts or "sites follow" in run.stderr


def test_a_database_that_is_not_there_yet_stops_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> list[str]:
        raise DatabaseError

    monkeypatch.setattr("palace3.protocol_texts.faults", away)
    refuse_altered()


def test_a_database_without_tables_can_be_migrated(admin_url: str) -> None:
    """`manage.py migrate` runs the checks of the database before its first migration."""
    name = f"empty_palace3_{os.getpid()}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            told = {"DATABASE_URL": url_of(admin_url, database=name), "SECRET_KEY": "tests"}
            run = subprocess.run(
                [sys.executable, "manage.py", "check", "--database", "default"],
                cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=False,
            )  # fmt: skip
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    assert run.returncode == 0, run.stderr

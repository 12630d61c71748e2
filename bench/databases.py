"""Trials for measuring: synthetic participants in databases of one embedded server, kept in ``var/bench``.

``PALACE3_BENCH_DIR`` names another folder, which several clones of one schema may use, one after the other. A trial is
filled once, by ``manage.py simulate``, and filled anew when the schema is another. The server keeps its data durable
(fsync), as a real one does.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from demo.servers.postgres import EmbeddedPostgres
from kernel.postgresql.roles import prepare, url_of

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(os.environ.get("PALACE3_BENCH_DIR", ROOT / "var" / "bench"))
PASSWORD = "bench-only"


@dataclass(frozen=True)
class Trial:
    """A filled trial: the addresses of its database for the application, its owner and the superuser."""

    participants: int
    app: str
    owner: str
    admin: str

    @property
    def environment(self) -> dict[str, str]:
        """Return what Django has to be told to serve this trial."""
        return {
            "SECRET_KEY": "only-for-benches-" + "0" * 40,
            "DATABASE_URL": self.app,
            "PALACE3_DEMO": "1",
            "PALACE3_LIST_KEY": "k1:" + base64.b64encode(bytes(range(32))).decode(),
            "PALACE3_IDENTITY_KEY": base64.urlsafe_b64encode(bytes(range(32))).decode(),
            "PALACE3_TRAIL_KEY": "only-for-benches",
            "DJANGO_SETTINGS_MODULE": "palace3.settings",
        }


@contextmanager
def server(folder: Path = KEPT) -> Iterator[EmbeddedPostgres]:
    """Inside, the server of the benches runs."""
    with EmbeddedPostgres(folder / "postgres") as running:
        yield running


def filled(running: EmbeddedPostgres, participants: int, *, walked: int = 712) -> Trial:
    """Return the trial of so many participants; it is filled now if it is not kept from an earlier run."""
    name = f"trial_{participants}"
    mark = running.directory.parent / f"{name}.filled"
    fresh = mark.exists() and mark.read_text() == _schema()
    if not fresh:
        with psycopg.connect(running.admin_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    owner, app = prepare(running.admin_url, name, PASSWORD, PASSWORD)
    trial = Trial(participants, app, owner, url_of(running.admin_url, database=name))
    if not fresh:
        print(f"filling a trial of {participants} participants …", file=sys.stderr, flush=True)
        _manage(trial, "migrate", "--database", "owner", "-v0", DATABASE_OWNER_URL=owner)
        _manage(
            trial, "simulate", "--participants", str(participants), "--walk", str(walked), "--unguarded",
            DATABASE_ADMIN_URL=trial.admin,
        )  # fmt: skip
        with psycopg.connect(trial.admin, autocommit=True) as admin:
            admin.execute("VACUUM ANALYZE")
        mark.write_text(_schema())
    return trial


def kept(running: EmbeddedPostgres, participants: int) -> Trial:
    """Return a trial that an earlier run filled; one that is not there, or of another schema, is refused."""
    mark = running.directory.parent / f"trial_{participants}.filled"
    if not mark.exists() or mark.read_text() != _schema():
        raise SystemExit(f"No trial of {participants} participants with this schema is kept.")
    return filled(running, participants)


def serve(trial: Trial) -> None:
    """From here on, Django in this process serves the trial, as the application role."""
    os.environ.update(trial.environment)
    import django

    django.setup()


def _schema() -> str:
    """Return a digest of every migration: a trial of another schema is of no use."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _manage(trial: Trial, *arguments: str, **environment: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    subprocess.run(
        command, check=True, env={**os.environ, **trial.environment, **environment}, stdout=sys.stderr
    )

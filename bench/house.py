"""A trial of its own for measuring: an embedded server, the schema, and synthetic participants."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from palace3.embedded.postgres import EmbeddedPostgres
from palace3.embedded.roles import prepare

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def filled_trial(participants: int, walked: int) -> Iterator[None]:
    """Inside, Django serves a trial of ``participants`` as the application role; nothing is left afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder,
        EmbeddedPostgres(Path(folder)) as server,
    ):
        owner, app = prepare(server.admin_url, "palace3", "bench-only", "bench-only")
        os.environ.update(
            SECRET_KEY="only-for-benches-" + "0" * 40,
            DATABASE_URL=app,
            PALACE3_DEMO="1",
            PALACE3_LIST_KEY="k1:" + base64.b64encode(bytes(range(32))).decode(),
            EXPORT_ROOT=folder,
            DJANGO_SETTINGS_MODULE="palace3.settings",
        )
        _manage("migrate", "--database", "owner", "-v0", DATABASE_OWNER_URL=owner)
        _manage("simulate", "--participants", str(participants), "--walk", str(walked))
        import django

        django.setup()
        yield


def _manage(*arguments: str, **environment: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    subprocess.run(command, check=True, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)

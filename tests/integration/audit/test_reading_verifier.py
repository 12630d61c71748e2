"""Verification as a role of the database that reads every row and writes none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from kernel.postgresql.roles import prepare_backup
from tests.database import SECRET_KEY
from tests.integration.audit.test_seals import seal_everything
from tests.world_database import committed_world

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.django_db(transaction=True)


def test_who_verifies_may_read_everything_and_write_nothing(
    admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed_world()
    seal_everything()
    sent: list[str] = []
    send = psycopg.Connection.execute

    def noted(self: Any, query: Any, *more: Any, **told: Any) -> Any:
        sent.append(query if isinstance(query, str) else query.as_string(self))
        return send(self, query, *more, **told)

    with monkeypatch.context() as listening:
        listening.setattr(psycopg.Connection, "execute", noted)
        address = prepare_backup(admin_url, str(connection.settings_dict["NAME"]), "reads-only")
    assert [each for each in sent if "reads-only" in each] == [], "a log of such statements holds no password"
    assert any("PASSWORD 'SCRAM-SHA-256" in each for each in sent)
    told = {"DATABASE_URL": address, "SECRET_KEY": SECRET_KEY, "PALACE3_TRAIL_KEY": "only-for-tests"}
    ran = subprocess.run(
        [sys.executable, "manage.py", "verify_audit"],
        cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, "untouched" in ran.stdout) == (0, True), ran.stderr
    assert urlsplit(address).username == "palace3_backup"
    with psycopg.connect(address, autocommit=True) as raw:
        for statement in (
            "UPDATE trials_site SET city = 'Elsewhere'",
            "DELETE FROM audit_seal",
            "SELECT scope_open(NULL, '*', '', '', false, '')",
        ):
            raw.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(statement)

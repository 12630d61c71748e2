"""`manage.py prepare_database` takes an empty server to a migrated database, and may be run again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from django.core.management.base import CommandError

from demo.servers.postgres import EmbeddedPostgres
from kernel.postgresql.roles import url_of
from palace3.management.commands.prepare_database import addresses, empty_secrets

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("prepare") / "pg", fsync=False) as started:
        yield started


def run(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    return subprocess.run(
        [sys.executable, "manage.py", "prepare_database", *words],
        cwd=ROOT,
        env={**kept, "SECRET_KEY": "tests", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def lines_of(output: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in output.splitlines() if line.startswith("DATABASE_"))


def test_with_the_administrator_alone_it_makes_and_prints_the_addresses(server: EmbeddedPostgres) -> None:
    result = run({"DATABASE_URL": url_of(server.admin_url, database="fresh")})
    assert result.returncode == 0, result.stderr
    made = lines_of(result.stdout)
    with psycopg.connect(made["DATABASE_URL"]) as app:
        assert app.execute("SELECT current_user").fetchone() == ("palace3_app",)
        assert app.execute("SELECT count(*) > 0 FROM django_migrations").fetchone() == (True,)

    again = run({"DATABASE_ADMIN_URL": server.admin_url, **made})
    assert again.returncode == 0, again.stderr
    assert "No migrations to apply" in again.stdout


def test_an_administrator_who_is_not_let_in_is_told_what_to_check(server: EmbeddedPostgres) -> None:
    wrong = server.admin_url.replace(server.password, "wrong")
    result = run({"DATABASE_ADMIN_URL": wrong}, "--no-migrate")
    assert result.returncode != 0
    assert "Check host, port, name and password in DATABASE_ADMIN_URL" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_user_in_an_address_is_named() -> None:
    given = {
        "DATABASE_ADMIN_URL": "postgresql://a:b@h/postgres",
        "DATABASE_URL": "postgresql://me:b@h/palace3",
    }
    with pytest.raises(CommandError, match="Name palace3_app there"):
        addresses(given)


def test_every_empty_secret_is_named() -> None:
    given = {
        "SECRET_KEY": "s",
        "PALACE3_LIST_KEY": "",
        "PALACE3_IDENTITY_KEY": "i",
        "PALACE3_TRAIL_KEY": "t",
        "PALACE3_ANCHOR_KEY": "a",
        "DATABASE_ADMIN_URL": "postgresql://postgres:a@h/postgres",
        "DATABASE_OWNER_URL": "postgresql://palace3_owner:@h/palace3",
        "DATABASE_URL": "postgresql://palace3_app:a@h/palace3",
        "BROKER_URL": "redis://:@h",
    }
    assert empty_secrets(given) == ["PALACE3_LIST_KEY", "DATABASE_OWNER_URL", "BROKER_URL"]

"""`manage.py upgrade`: a filled database of 0.2.0 comes to today's release, and back when a migration fails."""

from __future__ import annotations

import lzma
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.conf import settings

from kernel.postgresql.roles import prepare, prepare_backup, url_of
from operations.backups.contents import Contents, contents_of, differences
from tests.database import PASSWORD

ROOT = Path(__file__).resolve().parents[3]
DUMP = ROOT / "tests" / "upgrade" / "0.2.0.sql.xz"
NAME = f"palace3_upgrade_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installation:
    """A filled database of the release before, and what its commands are told."""

    admin: str
    address: str
    folder: Path
    environment: dict[str, str]

    def manage(self, *words: str, **others: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            env=os.environ | self.environment | others,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )

    def contents(self) -> Contents:
        with psycopg.connect(self.address) as there:
            return contents_of(there)

    @property
    def is_maintained(self) -> bool:
        return (self.folder / "maintenance.json").exists()


@pytest.fixture(scope="module")
def installation(admin_url: str, test_database: object, tmp_path_factory: Any) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    address, identity = url_of(admin_url, database=NAME), pyrage.x25519.Identity.generate()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}"')
    with psycopg.connect(address, autocommit=True) as database:
        database.execute(lzma.decompress(DUMP.read_bytes()).decode())
    owner, app = prepare(admin_url, NAME, PASSWORD, PASSWORD)
    yield Installation(
        admin_url,
        address,
        folder,
        {
            "SECRET_KEY": settings.SECRET_KEY,
            "PALACE3_LIST_KEY": settings.PALACE3_LIST_KEY,
            "PALACE3_TRAIL_KEY": settings.PALACE3_TRAIL_KEY,
            "PALACE3_ANCHOR_KEY": settings.PALACE3_ANCHOR_KEY,
            "PALACE3_IDENTITY_KEY": settings.PALACE3_IDENTITY_KEY,
            "DATABASE_ADMIN_URL": admin_url,
            "DATABASE_OWNER_URL": owner,
            "DATABASE_URL": app,
            "DATABASE_BACKUP_URL": prepare_backup(admin_url, NAME, PASSWORD),
            "BACKUP_RECIPIENT": str(identity.to_public()),
            "BACKUP_IDENTITY": str(identity),
            "BACKUP_DIR": str(folder / "backups"),
            "EXPORT_ROOT": str(folder / "exports"),
            "MAINTENANCE_FILE": str(folder / "maintenance.json"),
            "ALLOWED_HOSTS": "palace3.example.org",
        },
    )
    with psycopg.connect(admin_url, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [NAME]
        ).fetchall()
        for (name,) in rows:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_filled_database_comes_to_this_release_and_back_when_a_migration_fails(
    installation: Installation,
) -> None:
    """One walk, for each step rests on the one before: refused, upgraded, rolled back, serving again."""
    before = installation.contents()
    refused = installation.manage("upgrade", BACKUP_IDENTITY=str(pyrage.x25519.Identity.generate()))
    assert refused.returncode == 1
    assert "people work as before" in refused.stderr
    assert not installation.is_maintained
    assert differences(before, installation.contents()) == []

    done = installation.manage("upgrade", "--minutes", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"From release without a number to {settings.RELEASE}" in done.stdout
    assert "FAILED" not in done.stdout
    assert not installation.is_maintained
    after = installation.contents()
    rows, former = (int(each["tables"]["public.crf_record"][0]) for each in (after, before))
    assert rows >= former > 100
    with psycopg.connect(installation.address) as there:
        assert there.execute("SELECT kind, passed FROM operations_operationrecord").fetchall() == [
            ("upgrade", True)
        ]
        assert there.execute("SELECT release FROM audit_act ORDER BY id DESC LIMIT 1").fetchone() == (
            settings.RELEASE,
        )
    with psycopg.connect(installation.environment["DATABASE_URL"]) as app:
        assert app.execute("SHOW default_transaction_read_only").fetchone() == ("off",)

    failed = installation.manage("upgrade", DJANGO_SETTINGS_MODULE="tests.upgrade.planted_settings")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "It failed at: migrations" in failed.stdout
    assert "division by zero" in failed.stdout
    assert f"archive of release {settings.RELEASE}" in failed.stdout
    assert differences(after, installation.contents()) == []  # no planted table, every reason as it was
    assert installation.is_maintained
    assert [
        path.read_text().count("FAILED") for path in sorted((installation.folder / "backups").glob("*.txt"))
    ] == [
        0,
        1,
    ]
    with psycopg.connect(installation.admin) as admin:
        aside = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{NAME}_failed_%"])
        assert len(aside.fetchall()) == 1
    assert "maintenance: off" in installation.manage("maintenance", "off").stdout
    with psycopg.connect(installation.environment["DATABASE_URL"]) as app:
        assert app.execute("SHOW default_transaction_read_only").fetchone() == ("off",)


def test_nothing_is_begun_while_an_address_is_missing(installation: Installation) -> None:
    refused = installation.manage("upgrade", DATABASE_BACKUP_URL="", BACKUP_IDENTITY="")
    assert refused.returncode == 1
    assert "DATABASE_BACKUP_URL, BACKUP_IDENTITY" in refused.stderr
    assert not installation.is_maintained

"""Backup, restore, drill: what comes back is what was there, to the digest; what was altered is found."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import User
from audit.seals import seal_batch
from kernel.postgresql.roles import prepare_backup, url_of
from kernel.scope import EVERYTHING, scope
from operations.backups.contents import contents_of, differences
from operations.backups.drill import ScratchServerInUse, drill
from operations.backups.reading import (
    BackupAltered,
    DatabaseNotEmpty,
    IdentityDoesNotFit,
    NoBackup,
    read_contents,
    read_manifest,
)
from operations.backups.writing import (
    BackupAddressMissing,
    CopyNotWritten,
    RecipientMissing,
    backups_in,
    copy_away,
    take_backup,
)
from operations.models import OperationKind, OperationRecord
from operations.watching import WatchLevel, readings
from tests.clock import Clock, clock_time
from tests.database import PASSWORD
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
RESTORED = "palace3_restored"


@pytest.fixture
def identity() -> Any:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def backup(
    world: World, tmp_path: Path, settings: Any, admin_url: str, test_database: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch, identity: Any,
) -> Path:  # fmt: skip
    """The small trial is backed up, with a file of an export."""
    settings.BACKUP_DIR, settings.MEDIA_ROOT = tmp_path / "backups", tmp_path / "exports"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "palace3-1.zip").write_bytes(b"an export")
    (tmp_path / "away").mkdir()
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        seal_batch(at=clock_time())
    name = urlsplit(test_database[1]).path.lstrip("/")
    owner, app = test_database
    for variable, value in {
        "DATABASE_BACKUP_URL": prepare_backup(admin_url, name, PASSWORD),
        "DATABASE_ADMIN_URL": admin_url,
        "DATABASE_URL": url_of(app, database=RESTORED),
        "DATABASE_OWNER_URL": url_of(owner, database=RESTORED),
        "BACKUP_RECIPIENT": str(identity.to_public()),
        "BACKUP_IDENTITY": str(identity),
        "BACKUP_TARGET": str(tmp_path / "away"),
        "BACKUP_KEEP": "2",
    }.items():
        monkeypatch.setenv(variable, value)
    call_command("backup", verbosity=0)
    (folder,) = backups_in(settings.BACKUP_DIR)
    return folder


@pytest.fixture
def emptied(admin_url: str) -> Iterator[None]:
    yield
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{RESTORED}" WITH (FORCE)')


def test_what_is_restored_is_what_was_backed_up(
    backup: Path, emptied: None, settings: Any, tmp_path: Path, superuser: psycopg.Connection[Any],
    admin_url: str, identity: Any, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    settings.MEDIA_ROOT = tmp_path / "elsewhere" / "exports"
    (tmp_path / "elsewhere").mkdir()
    call_command("restore", backup, files=True)
    said = capsys.readouterr().out
    assert said.count("ok     ") == 4, said
    assert "DIFFERS" not in said
    assert (settings.MEDIA_ROOT / "palace3-1.zip").read_bytes() == b"an export"
    held = read_contents(backup, str(identity))
    assert len(held["tables"]) > 100
    assert held["guards"]["triggers"] > 300
    with psycopg.connect(url_of(admin_url, database=RESTORED)) as there:
        assert differences(held, contents_of(there)) == []
        entered = there.execute(
            "SELECT has_database_privilege('palace3_backup', current_database(), 'CONNECT')"
        )
        assert entered.fetchone() == (True,), "the next night's backup would fail"
        there.execute("SET session_replication_role = replica")
        there.execute(
            "UPDATE accounts_user SET display_name = 'Somebody else' WHERE id = (SELECT min(id) FROM accounts_user)"
        )
        (named,) = differences(held, contents_of(there))
        assert named.startswith("public.accounts_user:")
        assert named.endswith("other values")
    passwords = superuser.execute("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1").fetchall()
    with pytest.raises(CommandError, match=r"holds \d+ tables"):
        call_command("restore", backup)
    assert superuser.execute("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1").fetchall() == passwords


def test_nobody_reads_a_backup_and_a_flipped_byte_is_found(backup: Path, identity: Any) -> None:
    with transaction.atomic(), scope(user_id=None, sites=EVERYTHING):
        name = User.objects.first().display_name.encode()  # type: ignore[union-attr]
    parts = sorted(backup.iterdir())
    assert [part.name for part in parts] == [
        "contents.json.age",
        "database.dump.age",
        "exports.tar.age",
        "manifest.json",
    ]
    assert not [part for part in parts if name in part.read_bytes()]
    assert all(part.read_bytes().startswith(b"age-encryption.org") for part in parts[:3])
    manifest = json.loads(parts[3].read_text())
    assert set(manifest["keys"]) == {"PALACE3_LIST_KEY", "PALACE3_IDENTITY_KEY"}
    with pytest.raises(IdentityDoesNotFit):
        read_contents(backup, str(pyrage.x25519.Identity.generate()))
    for part in parts[:3]:
        kept = part.read_bytes()
        flipped = bytearray(kept)
        flipped[len(kept) // 2] ^= 1
        part.write_bytes(bytes(flipped))
        with pytest.raises(BackupAltered, match=part.name):
            read_manifest(backup)
        part.write_bytes(kept)
    assert read_manifest(backup)
    (backup / "manifest.json").write_text("{")
    with pytest.raises(NoBackup):
        read_manifest(backup)


def test_backups_are_copied_away_kept_in_number_and_on_record(
    backup: Path, settings: Any, tmp_path: Path, clock: Clock
) -> None:
    (away,) = backups_in(tmp_path / "away")
    assert read_manifest(away) == read_manifest(backup)
    for hours in (1, 2):
        clock.go(clock.now() + timedelta(hours=hours))
        call_command("backup", verbosity=0)
    assert len(backups_in(settings.BACKUP_DIR)) == len(backups_in(tmp_path / "away")) == 2
    assert backup not in backups_in(settings.BACKUP_DIR)
    record = OperationRecord.objects.filter(kind=OperationKind.BACKUP).first()
    assert record
    assert record.passed
    assert len(record.digest) == 64
    (now,) = readings(at=clock_time(), only=frozenset({"backup"}))
    (later,) = readings(at=clock_time() + timedelta(hours=30), only=frozenset({"backup"}))
    assert (now.level, later.level) == (WatchLevel.OK, WatchLevel.CRITICAL)


def test_what_a_killed_backup_left_is_no_backup_and_goes_with_the_next(
    backup: Path, settings: Any, tmp_path: Path, clock: Clock
) -> None:
    """Killed in the dump here and in the copy there; another backup is at work meanwhile."""
    now = clock_time()
    for folder, hours in ((settings.BACKUP_DIR, 23), (tmp_path / "away", 23), (settings.BACKUP_DIR, 1)):
        left = folder / f"palace3-20261129T18300{hours % 10}Z.partial"
        left.mkdir()
        for name in ("database.dump.age", "manifest.json"):
            (left / name).write_bytes(b"as far as it came")
        at = now.timestamp() - hours * 3600
        for path in (left / "database.dump.age", left / "manifest.json", left):
            os.utime(path, (at, at))
    assert backups_in(settings.BACKUP_DIR) == [backup]
    with pytest.raises(NoBackup):
        read_manifest(left)
    clock.go(now + timedelta(hours=1))  # a backup is named by its second
    call_command("backup", verbosity=0)
    assert list(settings.BACKUP_DIR.glob("*.partial")) == [left], "it is at work"
    assert not list((tmp_path / "away").glob("*.partial"))
    record = OperationRecord.objects.filter(kind=OperationKind.BACKUP).first()
    assert record
    assert record.findings[0]["seen"].count("palace3-20261129T183003Z.partial") == 2


def test_a_drill_is_on_record_whether_it_passes_or_not(
    backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("restore_drill")
    drilled = OperationRecord.objects.get(kind=OperationKind.RESTORE_DRILL)
    assert drilled.passed, drilled.findings
    names = [finding["name"] for finding in drilled.findings]
    assert names[:2] == ["rows and digests", "audit chain and signatures"]
    assert "files of exports" in names
    dump = backup / "database.dump.age"
    flipped = bytearray(dump.read_bytes())
    flipped[-40] ^= 1
    dump.write_bytes(bytes(flipped))
    with pytest.raises(SystemExit):
        call_command("restore_drill", backup)
    failed = OperationRecord.objects.filter(kind=OperationKind.RESTORE_DRILL).first()
    assert failed
    assert not failed.passed
    assert "database.dump.age is not as it was written" in failed.findings[0]["seen"]


def test_what_cannot_be_backed_up_or_drilled_is_refused(
    backup: Path, admin_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: Any
) -> None:
    now = clock_time()
    with pytest.raises(BackupAddressMissing):
        take_backup(address="", recipients="", folder=tmp_path, at=now)
    with pytest.raises(RecipientMissing):
        take_backup(address="postgresql:///x", recipients="age1nonsense", folder=tmp_path, at=now)
    backed = take_backup(
        address=os.environ["DATABASE_BACKUP_URL"],
        recipients=str(identity.to_public()),
        folder=tmp_path,
        at=now,
    )
    full = tmp_path / "full"
    full.mkdir()
    with monkeypatch.context() as small:

        def no_space(_source: Path, target: Path) -> None:
            target.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

        small.setattr("operations.backups.writing.shutil.copy", no_space)
        with pytest.raises(CopyNotWritten, match="No space left on device"):
            copy_away(backed, target=full)
    assert not list(full.iterdir()), "half a copy is none"
    with pytest.raises(ScratchServerInUse):
        drill(folder=backup, identity=str(identity), server=admin_url)
    monkeypatch.setenv("DATABASE_BACKUP_URL", "postgresql://palace3_backup:wrong@127.0.0.1:1/nowhere")
    with pytest.raises(Exception, match="connection failed"):
        call_command("backup", verbosity=0)
    assert not OperationRecord.objects.filter(kind=OperationKind.BACKUP).first().passed  # type: ignore[union-attr]
    assert not list(tmp_path.glob("**/*.partial"))
    assert DatabaseNotEmpty.status == 409

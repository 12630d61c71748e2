"""Taking a backup: nothing unencrypted touches a disk, and nothing half written bears a backup's name."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, TypedDict

import psycopg
import pyrage
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from kernel.files import digest_of_file
from operations.backups.contents import contents_of
from operations.backups.programs import environment_of, program

PREFIX: Final = "palace3-"
PARTIAL: Final = ".partial"
MANIFEST: Final = "manifest.json"
# What is at work writes more often than that; what was not touched for so long belongs to a run that was killed.
UNTOUCHED: Final = timedelta(hours=6)
DUMP, FILES, CONTENTS = "database.dump.age", "exports.tar.age", "contents.json.age"


class RecipientMissing(Refusal):
    code = "operations.recipient_missing"
    message = _(
        "No public key is named that the backup could be encrypted to. Make a pair with manage.py backup_key, put the "
        "secret half in the safe and the public one in BACKUP_RECIPIENT."
    )
    status = 422


class BackupAddressMissing(Refusal):
    code = "operations.backup_address_missing"
    message = _(
        "DATABASE_BACKUP_URL is not set. Give it the address of palace3_backup and run manage.py prepare_database, "
        "which makes that role."
    )
    status = 422


class DumpBroken(Refusal):
    code = "operations.dump_broken"
    message = _(
        "The database could not be dumped whole, and no backup was kept. PostgreSQL's own words: {words}"
    )
    status = 500


class CopyDiffers(Refusal):
    code = "operations.copy_differs"
    message = _(
        "The copy in {folder} is not what was written: {part}. The backup here is whole; look at that disk."
    )
    status = 500


class CopyNotWritten(Refusal):
    code = "operations.copy_not_written"
    message = _(
        "The copy in {folder} could not be written: {words}. The backup here is whole; look at that disk, then run "
        "manage.py backup again."
    )
    status = 500


class BackupPart(TypedDict):
    """A file of the backup as it was written."""

    sha256: str
    size: int


class BackupManifest(TypedDict):
    """What stands beside the encrypted parts in clear: no value of the trial, no key."""

    made_at: str
    parts: dict[str, BackupPart]
    server: str
    migrations: list[str]
    keys: dict[str, str]


@dataclass(frozen=True)
class Backup:
    """A backup that was written: its folder, and the digest of its manifest, which names those of all parts."""

    folder: Path
    digest: str
    size: int


def take_backup(*, address: str, recipients: str, folder: Path, at: datetime) -> Backup:
    """Database and export files are encrypted in a new folder below ``folder``, as of one moment.

    Refuses: no address, no recipient, a dump that PostgreSQL broke off. Locks: nothing; people work on.
    """
    if not address:
        raise BackupAddressMissing
    keys = recipients_of(recipients)
    final = folder / f"{PREFIX}{at:%Y%m%dT%H%M%SZ}"
    partial = final.with_name(final.name + PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    try:
        manifest = _write_parts(address, keys, partial, at)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
        partial.rename(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Backup(
        final, digest_of_file(final / MANIFEST), sum(part["size"] for part in manifest["parts"].values())
    )


def copy_away(backup: Backup, *, target: Path) -> Path:
    """The backup stands in ``target`` as well, and was read back there. Refuses: a copy that differs."""
    final = target / backup.folder.name
    partial = final.with_name(final.name + PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(mode=0o700)
        for path in sorted(backup.folder.iterdir()):
            shutil.copy(path, partial / path.name)
            if digest_of_file(partial / path.name) != digest_of_file(path):
                raise CopyDiffers(folder=target, part=path.name)
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
    except OSError as fault:
        raise CopyNotWritten(folder=target, words=fault.strerror or type(fault).__name__) from fault
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return final


def delete_old(folder: Path, *, keep: int) -> list[str]:
    """Only the newest ``keep`` backups stand in ``folder``; return the names of those that went."""
    stand = backups_in(folder)
    old = stand[: max(0, len(stand) - max(1, keep))]
    for path in old:
        shutil.rmtree(path)
    return [path.name for path in old]


def delete_killed(folder: Path, *, at: datetime) -> list[str]:
    """What runs that were killed left behind is gone from ``folder``; return its names. One at work keeps its own.

    Base backups leave a file, and perhaps a manifest that came before its base.
    """
    left = [
        *folder.glob(f"{PREFIX}*{PARTIAL}"),
        *folder.glob(f"base-*{PARTIAL}"),
        *(path for path in folder.glob("base-*.json") if not path.with_suffix(".age").exists()),
    ]
    before = (at - UNTOUCHED).timestamp()
    killed = sorted(path for path in left if _touched_at(path) < before)
    for path in killed:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [path.name for path in killed]


def _touched_at(path: Path) -> float:
    return max(each.stat().st_mtime for each in (path, *path.glob("*")))


def backups_in(folder: Path) -> list[Path]:
    """Return the whole backups of the folder, oldest first."""
    return sorted(
        path.parent for path in folder.glob(f"{PREFIX}*/{MANIFEST}") if PARTIAL not in path.parent.name
    )


def fingerprints() -> dict[str, str]:
    """Return which keys the data need, by a fingerprint of each: a backup never holds the keys themselves."""
    named = {
        "PALACE3_LIST_KEY": settings.PALACE3_LIST_KEY,
        "PALACE3_IDENTITY_KEY": settings.PALACE3_IDENTITY_KEY,
    }
    path = settings.PALACE3_LIST_KEY_FILE
    if path and not settings.PALACE3_LIST_KEY:
        named["PALACE3_LIST_KEY"] = Path(path).read_text(encoding="ascii").strip()
    return {name: hashlib.sha256(key.encode()).hexdigest()[:16] for name, key in named.items() if key}


def recipients_of(named: str) -> list[Any]:
    try:
        keys = [pyrage.x25519.Recipient.from_str(one.strip()) for one in named.split(",") if one.strip()]
    except pyrage.RecipientError as unreadable:
        raise RecipientMissing from unreadable
    if not keys:
        raise RecipientMissing
    return keys


@contextmanager
def reading_one_moment(address: str) -> Iterator[tuple[psycopg.Connection[Any], str, str]]:
    """Inside, a connection reads one moment; with it the snapshot, for a dump of the same, and the server's version.

    Refuses: a server that gives no snapshot.
    """
    with psycopg.connect(address) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.read_only = True
        row = reader.execute("SELECT pg_export_snapshot(), current_setting('server_version')").fetchone()
        if row is None:
            raise DumpBroken(words="no snapshot")
        yield reader, str(row[0]), str(row[1])


def major_of(server: str) -> int:
    """Return the number before the first point of a server's version."""
    return int(server.split(".", maxsplit=1)[0])


def _write_parts(address: str, keys: Sequence[Any], folder: Path, at: datetime) -> BackupManifest:
    with reading_one_moment(address) as (reader, snapshot, server):
        _encrypt_dump(address, snapshot, major_of(server), keys, folder / DUMP)
        contents = json.dumps(contents_of(reader)).encode()
    (folder / CONTENTS).write_bytes(pyrage.encrypt(contents, list(keys)))
    _encrypt_files(Path(settings.MEDIA_ROOT), keys, folder / FILES)
    parts = {
        name: BackupPart(sha256=digest_of_file(folder / name), size=(folder / name).stat().st_size)
        for name in (DUMP, FILES, CONTENTS)
    }
    leaves = MigrationLoader(None).graph.leaf_nodes()
    return BackupManifest(
        made_at=at.isoformat(),
        parts=parts,
        server=server,
        migrations=sorted(f"{app}.{name}" for app, name in leaves),
        keys=fingerprints(),
    )


def _encrypt_dump(address: str, snapshot: str, major: int, keys: Sequence[Any], path: Path) -> None:
    command: list[str | Path] = [
        program("pg_dump", major=major),
        "--format=custom",
        "--compress=6",
        f"--snapshot={snapshot}",
    ]
    with subprocess.Popen(
        command, env=environment_of(address), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as dump:
        assert dump.stdout  # noqa: S101 (asked for above)
        assert dump.stderr  # noqa: S101
        words: list[bytes] = []
        listening = threading.Thread(target=lambda: words.append(dump.stderr.read()))  # type: ignore[union-attr]
        listening.start()
        with path.open("wb") as out:
            pyrage.encrypt_io(dump.stdout, out, list(keys))
            out.flush()
            os.fsync(out.fileno())
        listening.join()
    if dump.returncode:
        raise DumpBroken(words=b"".join(words).decode(errors="replace").strip()[-300:])


def _encrypt_files(root: Path, keys: Sequence[Any], path: Path) -> None:
    def write(pipe: IO[bytes]) -> None:
        with pipe, tarfile.open(fileobj=pipe, mode="w|gz") as tar:
            if root.exists():
                tar.add(root, arcname="exports")

    _encrypt_written(write, keys, path)


def _encrypt_written(write: Callable[[IO[bytes]], None], keys: Sequence[Any], path: Path) -> None:
    """What ``write`` writes goes encrypted to ``path``, through a pipe."""
    reads, writes = os.pipe()
    faults: list[BaseException] = []

    def work() -> None:
        try:
            write(os.fdopen(writes, "wb"))
        except BaseException as fault:  # told to whoever waits for the thread
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    with os.fdopen(reads, "rb") as pipe, path.open("wb") as out:
        pyrage.encrypt_io(pipe, out, list(keys))
    thread.join()
    if faults:
        raise faults[0]

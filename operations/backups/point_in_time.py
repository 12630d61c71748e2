"""Back to a second: base backups of the whole server and its WAL as it is written, encrypted (ADR 47).

A folder holds ``base-<moment>.tar.gz.age``, each with its manifest, and below ``wal`` every segment. The segment that
is being written stands there too, as far as it has come.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypedDict

import psycopg
import pyrage
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from kernel.files import digest_of_file
from operations.backups.programs import environment_of, program
from operations.backups.reading import IdentityDoesNotFit, unpack
from operations.backups.writing import PARTIAL, DumpBroken, recipients_of

BASE: Final = re.compile(r"base-(\d{8}T\d{6}Z)\.tar\.gz\.age")
SEGMENT: Final = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
BEING_WRITTEN: Final = re.compile(r"[0-9A-F]{24}\.partial")
SLOT: Final = "palace3_archive"
AGE: Final = ".age"
# WAL of before the oldest base is of no use; the hour is for a base that took that long to write.
SLACK: Final = timedelta(hours=1)


class ReplicationAddressMissing(Refusal):
    code = "operations.replication_address_missing"
    message = _(
        "DATABASE_REPLICATION_URL is not set. Give it the address of palace3_replication and run manage.py "
        "prepare_database, which makes that role; pg_hba.conf must let it in for replication."
    )
    status = 422


class NoBaseBefore(Refusal):
    code = "operations.no_base_before"
    message = _("{folder} holds no base backup of before {moment}. Name a later moment, or another folder.")
    status = 422


class FolderInUse(Refusal):
    code = "operations.folder_in_use"
    message = _("{folder} is not empty. Name a new folder; nothing was written.")
    status = 409


class BaseAltered(Refusal):
    code = "operations.base_altered"
    message = _(
        "{name} is not as it was written. Nothing was restored. Take an earlier base, or another copy."
    )
    status = 422


class BaseManifest(TypedDict):
    """What stands beside a base in clear."""

    ended_at: str
    sha256: str
    server: str


@dataclass(frozen=True)
class Base:
    """A base backup that is whole, and when the server's state in it was reached."""

    path: Path
    ended_at: datetime


def take_base(*, address: str, recipients: str, folder: Path, at: datetime) -> Base:
    """The whole server stands encrypted in ``folder``. Refuses: no address, no recipient. Locks: nothing."""
    if not address:
        raise ReplicationAddressMissing
    keys = recipients_of(recipients)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    final = folder / f"base-{at:%Y%m%dT%H%M%SZ}.tar.gz.age"
    partial = final.with_name(final.name + PARTIAL)
    server = _version(address)
    command: list[str | Path] = [
        program("pg_basebackup", major=int(server.split(".", maxsplit=1)[0])),
        *("--pgdata=-", "--format=tar", "--wal-method=fetch", "--gzip", "--checkpoint=fast", "--no-sync"),
    ]
    try:
        with tempfile.TemporaryFile() as words, partial.open("wb") as out:
            with subprocess.Popen(
                command, env=environment_of(address), stdout=subprocess.PIPE, stderr=words
            ) as running:
                pyrage.encrypt_io(running.stdout, out, list(keys))
            out.flush()
            os.fsync(out.fileno())
            if running.returncode:
                words.seek(0)
                raise DumpBroken(words=words.read().decode(errors="replace").strip()[-300:])
        ended = _clock(address)
        told = BaseManifest(ended_at=ended.isoformat(), sha256=digest_of_file(partial), server=server)
        final.with_suffix(".json").write_text(json.dumps(told))
        partial.rename(final)
    finally:
        partial.unlink(missing_ok=True)
    return Base(final, ended)


def bases_in(folder: Path) -> list[Base]:
    """Return the whole bases, oldest first."""
    return sorted(
        (
            Base(path, datetime.fromisoformat(_manifest(path)["ended_at"]))
            for path in folder.glob("base-*.age")
            if BASE.fullmatch(path.name)
        ),
        key=lambda base: base.ended_at,
    )


def delete_old_bases(folder: Path, *, keep: int) -> list[str]:
    """Only the newest ``keep`` bases stand in ``folder``, and the WAL since the oldest of them."""
    bases = bases_in(folder)
    old, kept = bases[: -max(1, keep)], bases[-max(1, keep) :]
    for base in old:
        base.path.unlink()
        base.path.with_suffix(".json").unlink()
    gone = [base.path.name for base in old]
    if old and kept:
        before = (kept[0].ended_at - SLACK).timestamp()
        for path in sorted((folder / "wal").glob(f"*{AGE}")):
            if path.stat().st_mtime < before and ".history" not in path.name:
                path.unlink()
                gone.append(path.name)
    return gone


@contextmanager
def wal_received(*, address: str, spool: Path) -> Iterator[subprocess.Popen[bytes]]:
    """PostgreSQL's own program receives WAL into ``spool``; its slot keeps what has not been fetched."""
    if not address:
        raise ReplicationAddressMissing
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    receive = program("pg_receivewal", major=int(_version(address).split(".", maxsplit=1)[0]))
    environment = environment_of(address)
    subprocess.run(
        [receive, "--create-slot", "--if-not-exists", f"--slot={SLOT}"], env=environment, check=True
    )
    with subprocess.Popen(
        [receive, "--directory", spool, f"--slot={SLOT}", "--status-interval=1"], env=environment
    ) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(30)


def archive_wal(*, spool: Path, folder: Path, recipients: str) -> list[str]:
    """What was received stands encrypted in ``folder``; return the names of whole segments that came."""
    keys = recipients_of(recipients)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    came = []
    for path in sorted(spool.iterdir()):
        if SEGMENT.fullmatch(path.name):
            _encrypt(path, folder / f"{path.name}{AGE}", keys)
            (folder / f"{path.name}.partial{AGE}").unlink(missing_ok=True)
            path.unlink()
            came.append(path.name)
        elif BEING_WRITTEN.fullmatch(path.name):
            copy = folder / f"{path.name}{AGE}"
            with suppress(
                FileNotFoundError
            ):  # it has become whole since it was listed, and comes the next time
                if not copy.exists() or copy.stat().st_mtime < path.stat().st_mtime:
                    _encrypt(path, copy, keys)
    return came


def restore_to(*, folder: Path, identity: str, moment: datetime, into: Path) -> Base:
    """``into/data`` is a server that, once started, comes to ``moment`` and no further.

    Refuses: no base of before, one that was altered, a key that does not open it, a folder in use. Locks: nothing.
    """
    if into.exists() and any(into.iterdir()):
        raise FolderInUse(folder=into)
    base = next((each for each in reversed(bases_in(folder)) if each.ended_at <= moment), None)
    if base is None:
        raise NoBaseBefore(folder=folder, moment=moment.isoformat())
    if digest_of_file(base.path) != _manifest(base.path)["sha256"]:
        raise BaseAltered(name=base.path.name)
    data, wal = into / "data", into / "wal"
    try:
        key = pyrage.x25519.Identity.from_str(identity)
        for place in (data, wal):
            place.mkdir(mode=0o700, parents=True)
        with tempfile.TemporaryFile(dir=into) as plain:
            with base.path.open("rb") as sealed:
                pyrage.decrypt_io(sealed, plain, [key])
            plain.seek(0)
            with tarfile.open(fileobj=plain, mode="r:gz") as tar:
                unpack(tar, data)
        _open_wal(folder / "wal", wal, key)
    except (pyrage.IdentityError, pyrage.DecryptError) as wrong:
        shutil.rmtree(into, ignore_errors=True)
        raise IdentityDoesNotFit from wrong
    _settle_recovery(data, wal, moment)
    return base


def _open_wal(folder: Path, wal: Path, key: Any) -> None:
    """Every segment stands open in ``wal``: a whole one before one that was being written."""
    for path in sorted(folder.glob(f"*{AGE}")):
        name = path.name.removesuffix(AGE).removesuffix(".partial")
        if path.name.endswith(f".partial{AGE}") and (folder / f"{name}{AGE}").exists():
            continue
        (wal / name).write_bytes(pyrage.decrypt(path.read_bytes(), [key]))


def _settle_recovery(data: Path, wal: Path, moment: datetime) -> None:
    (data / "recovery.signal").touch()
    settings = {
        "restore_command": f'cp "{wal}/%f" "%p"',
        "recovery_target_time": moment.isoformat(),
        "recovery_target_inclusive": "on",
        "recovery_target_action": "promote",
        "archive_mode": "off",
        "primary_conninfo": "",
    }
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())


def received_until(address: str, *, seconds: float) -> bool:
    """Say whether the archive has caught up with what the server has written by now, within so many seconds."""
    with psycopg.connect(address, autocommit=True) as there:
        row = there.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            caught = there.execute(
                "SELECT restart_lsn >= %s FROM pg_replication_slots WHERE slot_name = %s",
                [row and row[0], SLOT],
            ).fetchone()
            if caught and caught[0]:
                return True
            time.sleep(0.05)
    return False


def _encrypt(path: Path, final: Path, keys: list[Any]) -> None:
    partial = final.with_name(final.name + PARTIAL)
    with path.open("rb") as plain, partial.open("wb") as out:
        pyrage.encrypt_io(plain, out, keys)
        out.flush()
        os.fsync(out.fileno())
    partial.rename(final)


def _manifest(path: Path) -> BaseManifest:
    told: BaseManifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return told


def _version(address: str) -> str:
    with psycopg.connect(address) as there:
        return str(there.info.parameter_status("server_version"))


def _clock(address: str) -> datetime:
    with psycopg.connect(address) as there:
        row = there.execute("SELECT clock_timestamp()").fetchone()
    if row is None:
        raise DumpBroken(words="the server says no time")
    moment: datetime = row[0]
    return moment

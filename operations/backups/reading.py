"""Reading a backup: every part is proved before anything is restored, and everything again afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pyrage
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from kernel.files import digest_of_file
from kernel.postgresql.roles import prepare, url_of
from operations.backups.contents import TABLES, Contents, contents_of, differences
from operations.backups.programs import environment_of, program
from operations.backups.writing import (
    CONTENTS,
    DUMP,
    FILES,
    MANIFEST,
    BackupManifest,
    fingerprints,
)
from operations.services import QualificationFinding


class NoBackup(Refusal):
    code = "operations.no_backup"
    message = _(
        "{folder} is no backup: it has no readable manifest. Name a folder palace3-… that holds manifest.json."
    )
    status = 422


class BackupAltered(Refusal):
    code = "operations.backup_altered"
    message = _(
        "{part} is not as it was written. Nothing was restored. Take another copy of this backup, or an earlier one."
    )
    status = 422


class IdentityDoesNotFit(Refusal):
    code = "operations.identity_does_not_fit"
    message = _(
        "The secret key in BACKUP_IDENTITY does not open this backup. Nothing was restored. Fetch the right one."
    )
    status = 422


class DatabaseNotEmpty(Refusal):
    code = "operations.database_not_empty"
    message = _(
        "The database {name} holds {tables} tables. A backup is restored into an empty one; nothing was changed."
    )
    status = 409


class RestoreBroken(Refusal):
    code = "operations.restore_broken"
    message = _("PostgreSQL broke the restore off, and the database is empty again. Its own words: {words}")
    status = 500


def read_manifest(folder: Path) -> BackupManifest:
    """Return the manifest, once every part is as it says. Refuses: no backup, a part that was altered."""
    try:
        manifest: BackupManifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        parts = manifest["parts"]
    except (OSError, ValueError, KeyError) as unreadable:
        raise NoBackup(folder=folder) from unreadable
    for name, part in parts.items():
        path = folder / Path(name).name
        if not path.exists() or digest_of_file(path) != part["sha256"]:
            raise BackupAltered(part=name)
    return manifest


def read_contents(folder: Path, identity: str) -> Contents:
    """Return what the backup holds, in figures. Refuses: a key that does not open it."""
    try:
        opened = pyrage.decrypt((folder / CONTENTS).read_bytes(), [pyrage.x25519.Identity.from_str(identity)])
    except (pyrage.IdentityError, pyrage.DecryptError) as wrong:
        raise IdentityDoesNotFit from wrong
    contents: Contents = json.loads(opened)
    return contents


def unpack(archive: tarfile.TarFile, into: Path) -> None:
    """Files and folders of the archive stand below ``into``, owned by whoever unpacks.

    Refuses: a link, a device, a name that leads elsewhere. Python's own filter is missing before 3.11.4.
    """
    for member in archive:
        name = Path(member.name)
        if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
            raise BackupAltered(part=member.name)
        member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
        member.mode &= 0o755
        archive.extraction_filter = lambda each, _place: each
        archive.extract(member, into)


def restore(
    *, folder: Path, identity: str, admin: str, name: str, passwords: tuple[str, str]
) -> tuple[str, list[QualificationFinding]]:
    """The backup stands in the empty database ``name``; return the application's address and what was compared.

    Refuses: an altered part, a key that does not open it, a database that is not empty. Locks: nothing.
    """
    manifest = read_manifest(folder)
    app, before, after = put_back(
        folder=folder, identity=identity, admin=admin, name=name, passwords=passwords
    )
    return app, [*compared(before, after), audit_chain(app, before["chain"]), *keys_here(manifest["keys"])]


def put_back(
    *, folder: Path, identity: str, admin: str, name: str, passwords: tuple[str, str]
) -> tuple[str, Contents, Contents]:
    """The dump stands in the empty database; return the application's address, and what was and is in it.

    Refuses: as ``restore``. Locks: nothing.
    """
    manifest = read_manifest(folder)
    before = read_contents(folder, identity)

    def load(address: str) -> None:
        _restore_dump(folder / DUMP, identity, address, int(manifest["server"].split(".", maxsplit=1)[0]))

    app, after = filled(admin=admin, name=name, passwords=passwords, load=load)
    return app, before, after


def filled(
    *, admin: str, name: str, passwords: tuple[str, str], load: Callable[[str], None]
) -> tuple[str, Contents]:
    """Whatever ``load`` writes stands in the empty database; return the application's address and what is there.

    Refuses: a database that is not empty, before anything of the server is touched. Locks: nothing.
    """
    refuse_filled(admin, name)
    prepare(admin, name, *passwords)
    address = url_of(admin, database=name)
    load(address)
    # Rights on the database itself stand in no dump of it.
    _owner, app = prepare(admin, name, *passwords)
    with psycopg.connect(address) as there:
        return app, contents_of(there)


def refuse_filled(admin: str, name: str) -> None:
    """The database is empty or not there yet. Refuses: one that holds tables."""
    with psycopg.connect(admin) as there:
        is_there = there.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if not is_there:
        return
    with psycopg.connect(url_of(admin, database=name)) as there:
        tables = len(there.execute(TABLES).fetchall())
    if tables:
        raise DatabaseNotEmpty(name=name, tables=tables)


def restore_files(*, folder: Path, identity: str, root: Path) -> int:
    """The files of exports stand below ``root`` again; return how many."""
    with tempfile.TemporaryFile() as plain:
        with (folder / FILES).open("rb") as sealed:
            pyrage.decrypt_io(sealed, plain, [pyrage.x25519.Identity.from_str(identity)])
        plain.seek(0)
        with tempfile.TemporaryDirectory(dir=root.parent if root.parent.exists() else None) as opened:
            with tarfile.open(fileobj=plain, mode="r:gz") as tar:
                unpack(tar, Path(opened))
            there = Path(opened) / "exports"
            if there.exists():
                shutil.copytree(there, root, dirs_exist_ok=True)
    return sum(1 for path in root.rglob("*") if path.is_file()) if root.exists() else 0


def compared(before: Contents, after: Contents) -> list[QualificationFinding]:
    """Return whether rows, digests and guards are those of the backup."""
    named = differences(before, after)
    rows = sum(int(table[0]) for table in after["tables"].values())
    said = f"{rows} rows in {len(after['tables'])} tables, {after['signatures']} signatures, digests equal"
    return [QualificationFinding("rows and digests", not named, "; ".join(named[:10]) if named else said)]


def audit_chain(app: str, chain: str) -> QualificationFinding:
    """Verify the audit trail of another database in a process of its own, which knows no other."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("DATABASE_", "PALACE3_PRODUCTION"))
    }
    environment = {**kept, "DATABASE_URL": app, "SECRET_KEY": settings.SECRET_KEY}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "verify_audit"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = (done.stdout if done.returncode == 0 else done.stderr).strip()
    return QualificationFinding(
        "audit chain and signatures", done.returncode == 0 and chain in said, said[-300:]
    )


def keys_here(kept: dict[str, str]) -> list[QualificationFinding]:
    """Say of each key that the data need whether this machine has it: by fingerprint, never by value."""
    here = fingerprints()
    return [
        QualificationFinding(
            f"key {name}",
            here.get(name) == print_,
            "is here" if here.get(name) == print_ else "another, or none, is here: fetch it from the safe",
        )
        for name, print_ in kept.items()
    ]


def _restore_dump(path: Path, identity: str, address: str, major: int) -> None:
    command: list[str | Path] = [
        program("pg_restore", major=major),
        "--exit-on-error",
        "--single-transaction",
        "--dbname",
        _database(address),
    ]
    with subprocess.Popen(
        command,
        env=environment_of(address),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as restoring:
        words: list[bytes] = []
        stdin, stderr = restoring.stdin, restoring.stderr
        assert stdin  # noqa: S101 (asked for above)
        assert stderr  # noqa: S101
        listening = threading.Thread(target=lambda: words.append(stderr.read()))
        listening.start()
        broken = ""
        try:
            with path.open("rb") as sealed:
                pyrage.decrypt_io(sealed, stdin, [pyrage.x25519.Identity.from_str(identity)])
        except (OSError, pyrage.DecryptError) as fault:
            broken = type(fault).__name__
            restoring.terminate()
        finally:
            try:
                stdin.close()
            except BrokenPipeError:
                broken = broken or "BrokenPipeError"
            listening.join()
    if restoring.returncode or broken:
        raise RestoreBroken(words=b"".join(words).decode(errors="replace").strip()[-300:] or broken)


def _database(address: str) -> str:
    with psycopg.connect(address) as there:
        return str(there.info.dbname)

"""The archive at the end of a trial: everything in open formats, with a digest of each file (ADR 53).

A folder holds ``data`` (tables and documents that exports write), ``database`` (every table as CSV, all of it as SQL),
``program`` (code, protocol, documentation), ``files`` (files of exports) and ``SHA256SUMS`` over all of them.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypedDict

import psycopg
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from psycopg import sql

from kernel.errors import Refusal
from kernel.files import digest_of_file
from operations.backups.contents import TABLES, Contents, contents_of
from operations.backups.programs import environment_of, program
from operations.backups.reading import RestoreBroken, audit_chain, compared, filled, keys_here
from operations.backups.writing import (
    BackupAddressMissing,
    DumpBroken,
    fingerprints,
    major_of,
    reading_one_moment,
)
from operations.services import QualificationFinding

SUMS: Final = "SHA256SUMS"
ABOUT: Final = "archive.json"
SQL: Final = "database/database.sql.gz"
# What is no part of the program, or is none that anybody keeps.
NOT_PROGRAM: Final = frozenset(
    {".git", ".venv", "node_modules", "var", "secrets", "out", "wheels", ".env", ".mypy_cache", ".ruff_cache"}
)
NOT_KEPT: Final = frozenset({"__pycache__", ".pytest_cache", ".hypothesis"})


class ArchiveAltered(Refusal):
    code = "operations.archive_altered"
    message = _(
        "{part} is not as it was archived, or is missing. Nothing was restored. Take another copy of this archive."
    )
    status = 422


class NoArchive(Refusal):
    code = "operations.no_archive"
    message = _("{folder} is no archive: it has no SHA256SUMS and archive.json.")
    status = 422


class AboutArchive(TypedDict):
    """What ``archive.json`` says: no key, only which ones the sealed columns need."""

    made_at: str
    release: str
    server: str
    contents: Contents
    keys: dict[str, str]


def archive_database(*, address: str, folder: Path, at: datetime) -> AboutArchive:
    """Every table stands as CSV and the whole database as SQL in ``folder/database``, as of one moment.

    Refuses: no address, a dump that PostgreSQL broke off. Locks: nothing; people work on.
    """
    if not address:
        raise BackupAddressMissing
    place = folder / "database"
    (place / "tables").mkdir(mode=0o700, parents=True)
    with reading_one_moment(address) as (reader, snapshot, server):
        _dump(address, snapshot, major_of(server), folder / SQL)
        contents = contents_of(reader)
        for schema, name in reader.execute(TABLES).fetchall():
            _table(reader, schema, name, place / "tables" / f"{schema}.{name}.csv")
    return AboutArchive(
        made_at=at.isoformat(),
        release=settings.RELEASE,
        server=server,
        contents=contents,
        keys=fingerprints(),
    )


def archive_program(folder: Path) -> None:
    """Code, protocol and documentation stand in ``folder/program``."""
    place = folder / "program"
    place.mkdir(mode=0o700, parents=True)
    with tarfile.open(place / "program.tar.gz", "w:gz", compresslevel=6) as tar:
        for path in sorted(Path(settings.BASE_DIR).iterdir()):
            if path.name not in NOT_PROGRAM:
                tar.add(path, arcname=f"palace3/{path.name}", filter=_without_waste)
    for name in ("CHANGELOG.md", "README.md", "LICENSE"):
        if (Path(settings.BASE_DIR) / name).exists():
            shutil.copy(Path(settings.BASE_DIR) / name, place / name)


def archive_files(folder: Path) -> int:
    """The files of exports stand in ``folder/files``; return how many."""
    root, place = Path(settings.MEDIA_ROOT), folder / "files"
    if root.exists():
        shutil.copytree(root, place)
    return sum(1 for path in place.rglob("*") if path.is_file())


def seal_archive(folder: Path, about: AboutArchive) -> str:
    """``README`` in both languages, ``archive.json`` and the digest of every file stand; return that of all."""
    (folder / ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True), encoding="utf-8")
    for language, name in (("en", "README.txt"), ("zh-hans", "README.zh.txt")):
        with override(language):
            told = render_to_string("operations/archive_readme.txt", {"about": about})
        (folder / name).write_text(told, encoding="utf-8")
    lines = [f"{digest_of_file(path)}  {path.relative_to(folder)}\n" for path in _files(folder)]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    return digest_of_file(folder / SUMS)


def prove_archive(folder: Path) -> AboutArchive:
    """Return what the archive says of itself, once every file is as it was. Refuses: what was altered or lacks."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        about: AboutArchive = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as unreadable:
        raise NoArchive(folder=folder) from unreadable
    told = {line[66:]: line[:64] for line in lines}
    there = {str(path.relative_to(folder)): path for path in _files(folder)}
    for name in sorted({*told, *there}):
        if name not in there or digest_of_file(there[name]) != told.get(name):
            raise ArchiveAltered(part=name)
    return about


def restore_archive(
    *, folder: Path, admin: str, name: str, passwords: tuple[str, str]
) -> list[QualificationFinding]:
    """The archived database stands in the empty database ``name``; return what was compared.

    Refuses: a file that was altered, a database that is not empty. Locks: nothing.
    """
    about = prove_archive(folder)

    def load(address: str) -> None:
        _load(folder / SQL, address, int(about["server"].split(".", maxsplit=1)[0]))

    app, after = filled(admin=admin, name=name, passwords=passwords, load=load)
    before = about["contents"]
    return [*compared(before, after), audit_chain(app, before["chain"]), *keys_here(about["keys"])]


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)


def _without_waste(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if Path(member.name).name in NOT_KEPT else member


def _table(reader: psycopg.Connection[Any], schema: str, name: str, path: Path) -> None:
    query = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT WITH (FORMAT csv, HEADER)")
    with path.open("wb") as out, reader.cursor() as cursor:
        with cursor.copy(query.format(sql.Identifier(schema, name))) as rows:
            for part in rows:
                out.write(part)


def _dump(address: str, snapshot: str, major: int, path: Path) -> None:
    command: list[str | Path] = [program("pg_dump", major=major), "--format=plain", f"--snapshot={snapshot}"]
    with (
        subprocess.Popen(
            command, env=environment_of(address), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as dump,
        gzip.open(path, "wb") as out,
    ):
        assert dump.stdout  # noqa: S101 (asked for above)
        shutil.copyfileobj(dump.stdout, out)
    if dump.returncode:
        raise DumpBroken(words=f"pg_dump ended with {dump.returncode}")


def _load(path: Path, address: str, major: int) -> None:
    command: list[str | Path] = [
        program("psql", major=major), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
    ]  # fmt: skip
    with (
        gzip.open(path, "rb") as plain,
        subprocess.Popen(
            command, env=environment_of(address), stdin=subprocess.PIPE, stderr=subprocess.PIPE
        ) as loading,
    ):
        stdin, stderr = loading.stdin, loading.stderr
        assert stdin  # noqa: S101 (asked for above)
        assert stderr  # noqa: S101
        try:
            shutil.copyfileobj(plain, stdin)
            stdin.close()
        except BrokenPipeError:
            pass  # psql has said why
        words = stderr.read()
    if loading.returncode:
        raise RestoreBroken(words=words.decode(errors="replace").strip()[-300:])

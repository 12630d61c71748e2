"""The zip: one file per form by COPY, the codebook, and a manifest that says exactly what it holds."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, TypedDict, cast

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from crf import catalogue
from crf.engine.declaration import FormDeclaration
from exports.codebook.lines import CODES_HEADER, HEADER, code_rows, codebook_of
from exports.cuts import Cut
from exports.documents import write_document
from exports.formats.convert import CONVERTERS, ENDINGS
from exports.formats.kinds import DataFormat
from exports.formats.readers import readers_of
from exports.formats.shortening import LONG_TEXT_COLUMNS, LONG_TEXTS, ShortenedInManifest, Shortenings
from exports.listed.catalogue import USUAL, listed_files
from exports.models import ArmShown
from exports.odm.streams import ExportScope
from exports.packages import PackageOrder, packager_of
from exports.selected.narrowing import NarrowedFile, narrowed
from exports.selected.selection import EVERYTHING_USUAL, Selection
from exports.tables import KEYS, STUDY, File, files_of
from kernel.errors import Refusal
from kernel.files import OWN_FOLDER, digest_of_file, make_own_file

BOM = b"\xef\xbb\xbf"
HELD_AT_MOST = 256 * 1024  # COPY gives row after row; what is done once a row costs more than COPY itself
QUICK = 1  # the level of compression: more takes longer than COPY and saves little of such text


class RowsMissing(Refusal):
    code = "exports.rows_missing"
    message = _(
        "The export was stopped: file {file} should have {expected} rows and has {written}. Nothing was kept."
    )


@dataclass(frozen=True)
class Written:
    """What the manifest says of one file."""

    file: str
    expected: int
    written: int
    sha256: str
    columns: list[str]
    shortened: list[ShortenedInManifest] = field(default_factory=list)
    narrowed_by: list[str] = field(default_factory=list)


class _Tally:
    """Passes bytes on, many rows at a time, and knows their digest."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target, self.digest, self.held = target, hashlib.sha256(), bytearray()

    def put(self, row: bytes | memoryview) -> None:
        self.held += row
        if len(self.held) >= HELD_AT_MOST:
            self.pass_on()

    def pass_on(self) -> None:
        self.digest.update(self.held)
        self.target.write(self.held)
        self.held.clear()


class _LongTexts:
    """The whole texts that a format could not hold, in a file beside until all are known: they may be many."""

    def __init__(self, source: IO[str]) -> None:
        self.source, self.number = source, 0
        self._writer = csv.writer(source, lineterminator="\n")
        self._writer.writerow(LONG_TEXT_COLUMNS)

    def keep(self, line: list[str]) -> None:
        self._writer.writerow(line)
        self.number += 1


class AboutExport(TypedDict):
    """Who asked for an export, when and for what, and the moment that it shows."""

    export: str
    requested_by: str
    requested_at: str
    purpose: str
    data_as_of: str
    read_by: str
    cut: str
    format: str
    forms: list[str]
    sites: list[str]
    selection: dict[str, Any]


class FileInManifest(TypedDict):
    """One file of an export: the rows counted and written, its digest and columns, and what did not fit its format."""

    file: str
    expected: int
    written: int
    sha256: str
    columns: list[str]
    shortened: list[ShortenedInManifest]
    narrowed_by: list[str]


class LeftOutInManifest(TypedDict):
    """What the selection left out of one file: some columns, or the whole file where no column is named."""

    file: str
    columns: list[str]


class Manifest(AboutExport):
    """What an export says of itself, in ``manifest.json`` and in the register."""

    study: str
    keys: list[str]
    files: list[FileInManifest]
    left_out: list[LeftOutInManifest]
    readers: list[str]


Told = Callable[[int, int], None]  # so many files are written, of so many


@dataclass(frozen=True)
class WantedFiles:
    """What an export is to hold: forms and sites, as of which cut, and what of them; the arm that is called A."""

    forms: tuple[str, ...]
    sites: tuple[str, ...]
    cut: Cut
    selection: Selection
    arm_a: str = ""

    @cached_property
    def narrowed(self) -> list[NarrowedFile]:
        """Every file of the selection; those that it leaves out whole are None."""
        chosen = self.selection
        forms = [catalogue.form(code) for code in self.forms]
        every = files_for(forms, self.cut, chosen.named_tables, identifying=chosen.identifying)
        if chosen.view:
            every = (file for file in every if file.name == chosen.view.file)
        return [narrowed(file, chosen, self.cut, arm_a=self.arm_a) for file in every]

    @cached_property
    def files(self) -> list[File]:
        return [each.file for each in self.narrowed if each.file is not None]

    @cached_property
    def narrowed_by(self) -> dict[str, list[str]]:
        """What narrows the rows of each file."""
        return {each.name: list(each.narrowed_by) for each in self.narrowed}

    @property
    def left_out(self) -> list[LeftOutInManifest]:
        return [
            LeftOutInManifest(file=each.name, columns=list(each.left_out))
            for each in self.narrowed
            if each.file is None or each.left_out
        ]

    @property
    def parameters(self) -> dict[str, Any]:
        return {"sites": list(self.sites), **self.selection.parameters}


def write_zip(path: Path, *, wanted: WantedFiles, about: AboutExport, tell: Told) -> Manifest:
    """The zip stands at ``path``, complete; its manifest is returned. Runs in one snapshot of the database.

    A file with fewer or more rows than the database counted stops everything (requirements C1).
    """
    unfinished = path.with_suffix(".part")
    unfinished.parent.mkdir(mode=OWN_FOLDER, parents=True, exist_ok=True)
    kind = DataFormat(about["format"])
    try:
        make_own_file(unfinished)
        if kind.is_document:
            copied = [_document(unfinished, kind, wanted)]
        elif kind.is_package:
            copied = _write_package(unfinished, kind, wanted, about, tell)
        else:
            copied = _write_files(unfinished, wanted, kind, tell)
        listed = [cast("FileInManifest", asdict(one)) for one in copied]
        readers = readers_of(wanted.files) if kind == DataFormat.CSV else {}
        left_out = [] if kind.is_document or kind.is_package else wanted.left_out
        manifest, text = manifest_of(about, listed, left_out=left_out, readers=list(readers))
        with zipfile.ZipFile(unfinished, "a", zipfile.ZIP_DEFLATED) as archive:
            for name, script in readers.items():
                archive.writestr(name, script)
            archive.writestr("manifest.json", text)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def manifest_of(
    about: AboutExport,
    files: list[FileInManifest],
    *,
    left_out: Collection[LeftOutInManifest] = (),
    readers: Collection[str] = (),
) -> tuple[Manifest, str]:
    """Return what an export says of itself, and the text of it that stands in the archive."""
    manifest = Manifest(
        study=STUDY, keys=list(KEYS), files=files, left_out=list(left_out), readers=list(readers), **about
    )
    return manifest, json.dumps(manifest, indent=2, ensure_ascii=False)


def _write_package(
    path: Path, kind: DataFormat, wanted: WantedFiles, about: AboutExport, tell: Told
) -> list[Written]:
    """The files that are worked out together stand in the archive; what they need of the tables is read beside it."""
    with TemporaryDirectory(dir=path.parent, prefix=f"{path.stem}-") as folder, override("en"):
        beside, made = Path(folder), Path(folder) / "made"

        def export_zip() -> Path:
            source = beside / "source.zip"
            whole = replace(
                wanted,
                forms=tuple(catalogue.forms()),
                selection=replace(EVERYTHING_USUAL, arm=ArmShown.SHOWN.value),
            )
            csv_about = AboutExport(**{**about, "format": DataFormat.CSV.value, "forms": list(whole.forms)})
            write_zip(source, wanted=whole, about=csv_about, tell=tell)
            return source

        made.mkdir(mode=OWN_FOLDER)
        records = packager_of(kind)(PackageOrder(wanted.cut, wanted.sites, export_zip), made)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as archive:
            for name in records:
                archive.write(made / name, name)
        return [
            Written(name, rows, rows, digest_of_file(made / name), columns=[])
            for name, rows in records.items()
        ]


def _document(path: Path, kind: DataFormat, wanted: WantedFiles) -> Written:
    people = wanted.selection.participants
    scope = ExportScope(wanted.cut, wanted.sites, people)
    document = Written(*write_document(path, kind, wanted.forms, scope), columns=[])
    return replace(document, narrowed_by=["participants"] if people else [])


def _write_files(path: Path, wanted: WantedFiles, kind: DataFormat, tell: Told) -> list[Written]:
    files, parameters = wanted.files, wanted.parameters
    copied: list[Written] = []
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as archive,
        TemporaryFile("w+", dir=path.parent, encoding="utf-8", newline="") as texts,
    ):
        long_texts = _LongTexts(texts)
        for file, rows in zip(files, _expected(files, parameters), strict=True):
            tell(len(copied), len(files))
            one = (
                _copy(archive, file, rows, parameters)
                if kind == DataFormat.CSV
                else _convert(archive, file, rows, parameters, kind, long_texts)
            )
            copied.append(replace(one, narrowed_by=wanted.narrowed_by[file.name]))
        if long_texts.number:
            copied.append(_long_texts(archive, long_texts))
        return [*copied, _codebook(archive, files, kind), _code_lists(archive, files, kind)]


def files_for(
    chosen: list[FormDeclaration],
    cut: Cut,
    tables: Collection[str] = USUAL,
    *,
    identifying: bool = False,
) -> Iterator[File]:
    """Yield the files of an export of the ``chosen`` forms, the tables beside them first."""
    yield from listed_files(cut, tables)
    for form in chosen:
        yield from files_of(form, cut=cut, identifying=identifying)


def _expected(files: list[File], parameters: dict[str, Any]) -> list[int]:
    """Return how many rows each file must have, counted without what the file joins to them."""
    if not files:
        return []
    counts = ", ".join(f"({file.count})" for file in files)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", parameters)
        return list(cursor.fetchone())


def _copy(archive: zipfile.ZipFile, file: File, expected: int, parameters: dict[str, Any]) -> Written:
    with archive.open(f"{file.name}.csv", "w", force_zip64=True) as target:
        copied, digest = _copy_rows(target, file, expected, parameters, begin=BOM)
    return Written(f"{file.name}.csv", expected, copied, digest, [column.header for column in file.columns])


def _copy_rows(
    target: IO[bytes], file: File, expected: int, parameters: dict[str, Any], *, begin: bytes = b""
) -> tuple[int, str]:
    """The rows stand in ``target``; their number and the digest of all that was written are returned.

    Where none is expected, the names of the columns alone are asked for: many groups of many forms have no row.
    """
    tally = _Tally(target)
    tally.put(begin)
    query = file.select if expected else f"{file.select} LIMIT 0"
    with connection.cursor() as cursor:
        raw = cursor.cursor
        with raw.copy(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER true)", parameters) as copy:
            for row in copy:
                tally.put(row)
        tally.pass_on()
        copied = raw.rowcount
    if copied != expected:
        raise RowsMissing(file=file.name, expected=expected, written=copied)
    return copied, tally.digest.hexdigest()


def _convert(
    archive: zipfile.ZipFile,
    file: File,
    expected: int,
    parameters: dict[str, Any],
    kind: DataFormat,
    long_texts: _LongTexts,
) -> Written:
    """The file stands in the archive in another format, made from its CSV in a folder of the account's own."""
    shortenings = Shortenings(keep=long_texts.keep)
    beside = Path(str(archive.filename))
    with TemporaryDirectory(dir=beside.parent, prefix=f"{beside.stem}-") as folder:
        source, made = Path(folder) / "rows", Path(folder) / f"{file.name}.{ENDINGS[kind]}"
        with source.open("wb") as target:
            copied, _digest = _copy_rows(target, file, expected, parameters)
        CONVERTERS[kind](file, source, made, shortenings)
        archive.write(made, made.name)
        digest = digest_of_file(made)
    headers = [column.header for column in file.columns]
    return Written(made.name, expected, copied, digest, headers, shortenings.told)


def _codebook(archive: zipfile.ZipFile, files: list[File], kind: DataFormat) -> Written:
    """Write what each column of each file is: keys and states as well as answers, in the order of the columns."""
    rows = [line.as_row() for line in codebook_of(files, ENDINGS[kind])]
    return _table(archive, "CODEBOOK.csv", list(HEADER), rows)


def _code_lists(archive: zipfile.ZipFile, files: list[File], kind: DataFormat) -> Written:
    return _table(archive, "CODELISTS.csv", list(CODES_HEADER), code_rows(files, ENDINGS[kind]))


def _long_texts(archive: zipfile.ZipFile, texts: _LongTexts) -> Written:
    texts.source.seek(0)
    with archive.open(LONG_TEXTS, "w", force_zip64=True) as target:
        tally = _Tally(target)
        tally.put(BOM)
        while part := texts.source.read(HELD_AT_MOST):
            tally.put(part.encode())
        tally.pass_on()
    return Written(LONG_TEXTS, texts.number, texts.number, tally.digest.hexdigest(), LONG_TEXT_COLUMNS)


def _table(archive: zipfile.ZipFile, name: str, header: list[str], rows: list[list[str]]) -> Written:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    content = BOM + text.getvalue().encode()
    archive.writestr(name, content)
    return Written(name, len(rows), len(rows), hashlib.sha256(content).hexdigest(), header)

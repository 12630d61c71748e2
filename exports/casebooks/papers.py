"""The folder in which casebooks are made: what stands in it outlives a killed worker."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from django.conf import settings

from exports.models import Export
from exports.site_copy.work import keep

LIST: Final = "CASEBOOKS.csv"
LIST_HEADER: Final = ("SUBJID", "FILE", "SHA256", "BYTES", "DATA_AS_OF", "MADE_IN_EXPORT", "CONTENT_SHA256")
PAPER, NOTE, BEGUN = "casebook.pdf", "note.json", "begun.json"


@dataclass(frozen=True)
class BegunCasebooks:
    """What every casebook of an export says alike, and how many there were when a worker last took it up."""

    act: int
    at: datetime
    papers: int


@dataclass(frozen=True)
class MadeCasebook:
    """One casebook: its file and digest, the moment that it shows, the export that made it, and what it says.

    ``content`` is the digest of its pages without who had it made, when and why: equal ones need not be made again.
    """

    number: str
    file: str
    sha256: str
    size: int
    data_as_of: str
    made_in: int
    content: str

    def as_row(self) -> list[str]:
        """Return it as a row of the list in the archive."""
        values = (self.number, self.file, self.sha256, self.size, self.data_as_of, self.made_in, self.content)
        return [str(value) for value in values]

    @classmethod
    def of_row(cls, row: dict[str, str]) -> Self:
        """Return what a row of the list says."""
        number, file, sha256, size, as_of, made_in, content = (row[name] for name in LIST_HEADER)
        return cls(number, file, sha256, int(size), as_of, int(made_in), content)


def folder_of(export: Export) -> Path:
    """Return where the casebooks of an export are made."""
    return Path(settings.MEDIA_ROOT) / f"palace3-{export.pk}-run-casebooks"


def lane_of(export: Export, lane: int) -> Path:
    """Return the folder that one worker at a time holds while it makes casebooks."""
    return folder_of(export) / "lanes" / str(lane)


def place_of(export: Export, number: str) -> Path:
    """Return the folder of one casebook, which one worker at a time holds."""
    return folder_of(export) / "papers" / number


def begun_of(export: Export) -> BegunCasebooks | None:
    """Return how the casebooks were begun, where they were."""
    note = folder_of(export) / BEGUN
    if not note.exists():
        return None
    said = json.loads(note.read_text(encoding="utf-8"))
    return BegunCasebooks(said["act"], datetime.fromisoformat(said["at"]), said["papers"])


def keep_begun(export: Export, begun: BegunCasebooks) -> None:
    """It is kept how the casebooks were begun."""
    told = asdict(begun) | {"at": begun.at.isoformat()}
    keep(folder_of(export) / BEGUN, json.dumps(told).encode())


def keep_casebook(place: Path, made: MadeCasebook, pdf: bytes) -> None:
    """The casebook stands in its place, whole: its note comes last, and without it there is none."""
    keep(place / PAPER, pdf)
    keep(place / NOTE, json.dumps(asdict(made)).encode())


def casebook_at(place: Path) -> MadeCasebook | None:
    """Return the casebook that stands in the place, if one does."""
    note = place / NOTE
    return MadeCasebook(**json.loads(note.read_text(encoding="utf-8"))) if note.exists() else None


def number_made(export: Export) -> int:
    """Return how many casebooks stand."""
    return sum(1 for _note in folder_of(export).glob(f"papers/*/{NOTE}"))


def is_idle(export: Export, *, at: datetime, after: timedelta) -> bool:
    """Say whether nothing was put into the folder for so long, or was there at all."""
    folder = folder_of(export)
    moments = [each.stat().st_mtime for each in (folder, *folder.glob("papers/*")) if each.exists()]
    return not moments or datetime.fromtimestamp(max(moments), UTC) < at - after


def list_of(made: list[MadeCasebook]) -> bytes:
    """Return the list of casebooks as the archive holds it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LIST_HEADER)
    writer.writerows(each.as_row() for each in made)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def listed_in(archive: zipfile.ZipFile) -> Iterator[MadeCasebook]:
    """Yield the casebooks that an archive names."""
    rows = csv.DictReader(io.StringIO(archive.read(LIST).decode("utf-8-sig")))
    return map(MadeCasebook.of_row, rows)


def digest_of_pages(content: bytes) -> str:
    """Return the digest of a file or of pages."""
    return hashlib.sha256(content).hexdigest()

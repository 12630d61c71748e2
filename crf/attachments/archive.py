"""All files of one participant in one archive, with a list of what they are (ADR 40)."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from typing import IO, Final

from crf.attachments.content import PART, open_content
from crf.models import Attachment
from kernel.spreadsheets import Cell, as_csv

COLUMNS: Final = (
    *("FILE", "NAME", "FORM", "VISIT", "FORMSEQ", "KIND", "MEDIA_TYPE", "BYTES", "PAGES"),
    *("SHA256", "SHA256_AS_SENT", "ATTACHED_BY", "ATTACHED_AT"),
)


def archive_of(rows: Sequence[Attachment]) -> IO[bytes]:
    """Return a zip of the files, named by their numbers, and the list of them.

    Refuses: bytes that are not those that were attached.
    """
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for row in rows:
            with (
                open_content(row) as content,
                archive.open(_name_in_archive(row), "w", force_zip64=True) as entry,
            ):
                shutil.copyfileobj(content, entry, PART)
        archive.writestr("files.csv", _listed(rows))
    file.seek(0)
    return file


def _name_in_archive(row: Attachment) -> str:
    """Return a name that every computer can have; the one that it was sent under stands in the list."""
    return f"{row.pk}.{row.media_type.rpartition('/')[2]}"


def _listed(rows: Sequence[Attachment]) -> bytes:
    table: list[tuple[Cell, ...]] = [COLUMNS]
    for row in rows:
        record = row.record
        table.append(
            (
                *(
                    _name_in_archive(row),
                    row.name,
                    record.form_code,
                    str(record.visit or ""),
                    record.sequence,
                ),
                *(row.kind, row.media_type, row.size, row.pages, row.digest, row.sent_digest),
                *(row.attached_by.username, row.attached_at.isoformat()),
            )
        )
    return as_csv(table)

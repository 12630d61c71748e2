"""Exports that are one document rather than a file for each table: ODM-XML and the annotated CRF."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.utils.translation import gettext_lazy as _

from exports.acrf import annotated_crf
from exports.formats.kinds import DataFormat
from exports.odm.elements import OdmVersion
from exports.odm.streams import ExportScope, counted_records
from exports.odm.writing import OdmContent, write_odm
from kernel.errors import Refusal
from kernel.files import digest_of_file

Document = tuple[str, int, int, str]  # its name, the records counted and written, its digest
QUICK: Final = 1


class RecordsMissing(Refusal):
    code = "exports.records_missing"
    message = _(
        "The export was stopped: {file} should have {expected} records and has {written}. Nothing was kept."
    )


def _odm(version: OdmVersion, *, clinical: bool = True, every_version: bool = False) -> OdmContent:
    return OdmContent(version, clinical=clinical, every_version=every_version)


CONTENTS: Final = {
    DataFormat.ODM132: _odm(OdmVersion.V132),
    DataFormat.ODM132_ALL: _odm(OdmVersion.V132, every_version=True),
    DataFormat.ODM132_DEF: _odm(OdmVersion.V132, clinical=False),
    DataFormat.ODM20: _odm(OdmVersion.V20),
    DataFormat.ODM20_ALL: _odm(OdmVersion.V20, every_version=True),
    DataFormat.ODM20_DEF: _odm(OdmVersion.V20, clinical=False),
}


def write_document(path: Path, kind: DataFormat, forms: Collection[str], scope: ExportScope) -> Document:
    """The zip at ``path`` holds the document; what the manifest says of it is returned.

    Refuses: a document with fewer or more records than the database counts.
    """
    write = _write_acrf if kind == DataFormat.ACRF else _write_odm
    with TemporaryDirectory(dir=path.parent) as folder:
        name, expected, count = write(Path(folder), kind, list(forms), scope)
        made = Path(folder) / name
        if expected != count:
            raise RecordsMissing(file=name, expected=expected, written=count)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as archive:
            archive.write(made, name)
        return name, expected, count, digest_of_file(made)


Write = Callable[[Path, DataFormat, list[str], ExportScope], tuple[str, int, int]]


def _write_odm(folder: Path, kind: DataFormat, forms: list[str], scope: ExportScope) -> tuple[str, int, int]:
    content = CONTENTS[kind]
    count = write_odm(folder / "odm.xml", content=content, forms=forms, scope=scope)
    return "odm.xml", counted_records(scope, forms) if content.clinical else 0, count


def _write_acrf(folder: Path, kind: DataFormat, forms: list[str], scope: ExportScope) -> tuple[str, int, int]:
    """The annotated CRF: as many forms as were chosen."""
    (folder / "acrf.pdf").write_bytes(annotated_crf(forms))
    return "acrf.pdf", len(forms), len(forms)

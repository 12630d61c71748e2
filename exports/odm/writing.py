"""An ODM file, written as a stream: no more than one participant is in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

from exports.cuts import Cut
from exports.odm.admin import Directory, admin_data
from exports.odm.clinical import ClinicalData
from exports.odm.elements import Elements, OdmVersion
from exports.odm.metadata import StudyMetadata
from exports.odm.streams import ExportScope
from exports.odm.study import STUDY_OID, metadata_oid

PROGRAM = "PALACE-3"


@dataclass(frozen=True)
class OdmContent:
    """What a file holds: definitions alone, answers as they stand, or every version of them."""

    version: OdmVersion
    clinical: bool = True
    every_version: bool = False


def write_odm(
    target: Path | IO[bytes],
    *,
    content: OdmContent,
    forms: list[str],
    scope: ExportScope,
    directory: Directory | None = None,
) -> int:
    """The file stands at ``target``; the number of its records is returned. The same cut gives the same file.

    Without a ``directory`` it names the people and places of the whole trial by their codes.
    """
    elements = Elements(content.version)
    directory = directory or Directory.read()
    with etree.xmlfile(str(target) if isinstance(target, Path) else target, encoding="UTF-8") as file:
        file.write_declaration()
        namespaces = {None: content.version.namespace}
        with file.element(elements.tag("ODM"), _head(content, scope.cut), nsmap=namespaces):
            _put(file, StudyMetadata(elements, forms).element())
            _put(file, admin_data(elements, directory))
            if not content.clinical:
                return 0
            about = {"StudyOID": STUDY_OID, "MetaDataVersionOID": metadata_oid()}
            with file.element(elements.tag("ClinicalData"), about):
                clinical = ClinicalData(
                    elements, directory, scope, forms, every_version=content.every_version
                )
                for subject in clinical.subjects():
                    _put(file, subject)
            return clinical.count


def _put(file: Any, element: Any) -> None:
    """The element stands in the file on lines of its own."""
    etree.indent(element, space=" ")
    file.write("\n")
    file.write(element)
    file.flush()


def _head(content: OdmContent, cut: Cut) -> dict[str, str]:
    kind = "Transactional" if content.every_version else "Snapshot"
    told = "Metadata" if not content.clinical else "All"
    return {
        "FileType": kind,
        "Granularity": told,
        "FileOID": f"{PROGRAM}.{content.version}.{told}.{kind}.{cut.at:%Y%m%dT%H%M%S%f}Z",
        "CreationDateTime": _moment(cut.at),
        "AsOfDateTime": _moment(cut.at),
        "ODMVersion": content.version.value,
        "Originator": PROGRAM,
        "SourceSystem": PROGRAM,
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")

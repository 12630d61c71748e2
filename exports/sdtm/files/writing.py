"""A package in a folder: its data sets in one format, Define-XML, the reviewer's guide, and a manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, TypedDict

from django.db import models
from django.utils.translation import gettext_lazy as _

from exports.sdtm.files.dataset_json import write_dataset_json
from exports.sdtm.files.define import write_define
from exports.sdtm.files.define_content import sdtm_content
from exports.sdtm.files.reviewers_guide import write_guide
from exports.sdtm.files.transport import write_transport
from exports.sdtm.package import SdtmPackage
from exports.sdtm.sources import ExportFiles
from kernel.files import OWN_FILE, OWN_FOLDER, digest_of_file
from protocol.text import load, versions

MANIFEST: Final = "manifest.json"


class PackageFormat(models.TextChoices):
    """The ways in which an SDTM package is written."""

    TRANSPORT = "sdtm-xpt", _("SDTM as SAS transport files")
    DATASET_JSON = "sdtm-json", _("SDTM as Dataset-JSON")
    DEFINE = "define", _("Define-XML and the reviewer's guide alone")


class FileOfPackage(TypedDict):
    """One file of a package, with the records that it holds and its digest."""

    file: str
    records: int
    sha256: str


class PackageManifest(TypedDict):
    """What a package says of itself: the export that it is made from, and its files."""

    export: str
    data_as_of: str
    format: str
    sites: list[str]
    subjects: int
    files: list[FileOfPackage]


def write_package(source: Path, folder: Path, kind: PackageFormat) -> PackageManifest:
    """The package stands in the folder, made from the zip of an export in the format ``csv``.

    Refuses: a value that a list of CDISC does not have and may not be given; a server that cannot print.
    """
    package = SdtmPackage(ExportFiles(source), load(max(versions())))
    content = sdtm_content(package)
    folder.mkdir(mode=OWN_FOLDER, parents=True, exist_ok=True)
    records: dict[Path, int] = {}
    for dataset in package.datasets.values():
        if kind == PackageFormat.TRANSPORT:
            records[write_transport(dataset, folder)] = len(dataset.rows)
        elif kind == PackageFormat.DATASET_JSON:
            records[write_dataset_json(content, dataset, folder)] = len(dataset.rows)
    ending = "json" if kind == PackageFormat.DATASET_JSON else "xpt"
    for made in (write_define(content, folder, ending), *write_guide(package, folder)):
        records[made] = 0
    manifest = PackageManifest(
        export=package.files.manifest["export"],
        data_as_of=package.files.manifest["data_as_of"],
        format=kind.value,
        sites=package.files.manifest["sites"],
        subjects=sum(1 for _each in package.files.subjects),
        files=[
            FileOfPackage(file=path.name, records=number, sha256=digest_of_file(path))
            for path, number in records.items()
        ],
    )
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False), encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(OWN_FILE)
    return manifest

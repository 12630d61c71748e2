"""The answers of a site's participants as CDISC ODM-XML 1.3.2: as they stand, and every version of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Final

from audit.leaf_format import LeafKeys
from crf import catalogue
from exports.cuts import Cut, plan_for_many
from exports.documents import RecordsMissing
from exports.odm.admin import Directory
from exports.odm.elements import OdmVersion
from exports.odm.streams import ExportScope, counted_records
from exports.odm.writing import OdmContent, write_odm
from trials.models import Site

FILES: Final = {"snapshot.xml": False, "audit.xml": True}  # and whether it holds every version


def write_answers(folder: Path, site: Site, *, acts: Collection[int], keys: LeafKeys, at: datetime) -> None:
    """Write both files into ``folder``, of the moment that the transaction reads.

    Refuses: a file with fewer or more records than the database counts.
    """
    plan_for_many()
    forms, chosen = list(catalogue.forms()), ExportScope(Cut(at=at, is_past=False), (site.code,))
    expected, directory = counted_records(chosen, forms), Directory.of_site(site, acts, keys)
    for name, every_version in FILES.items():
        content = OdmContent(OdmVersion.V132, every_version=every_version)
        count = write_odm(folder / name, content=content, forms=forms, scope=chosen, directory=directory)
        if count != expected:
            raise RecordsMissing(file=name, expected=expected, written=count)

"""Exports that are one document: ODM-XML and the annotated CRF, on the register like every other."""

from __future__ import annotations

import hashlib
import json
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from lxml import etree

from exports import documents
from exports.acrf import annotated_crf
from exports.documents import RecordsMissing
from exports.formats.kinds import DataFormat
from exports.models import Export
from exports.services import path_of
from tests.integration.exports.test_exports import taken
from tests.world import World, screen

pytestmark = pytest.mark.django_db
CHAPTERS = ("3.0",)
DOCUMENTS = [kind for kind in DataFormat if kind.is_document]


@pytest.fixture(autouse=True)
def kept_in(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.value)
def test_a_document_stands_in_the_register_with_its_digest(world: World, kind: DataFormat) -> None:
    screen(world)
    export = taken(world, forms=["DM", "LB"], data_format=kind.value)
    with zipfile.ZipFile(path_of(export)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        (one,) = manifest["files"]
        assert set(archive.namelist()) == {one["file"], "manifest.json"}
        content = archive.read(one["file"])
    assert hashlib.sha256(content).hexdigest() == one["sha256"]
    assert one["expected"] == one["written"]
    assert manifest["format"] == kind.value
    if kind != DataFormat.ACRF:
        assert etree.fromstring(content).get("ODMVersion") == ("1.3.2" if "132" in kind else "2.0")


def test_a_document_that_lacks_a_record_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "counted_records", lambda scope, forms: 7)
    with pytest.raises(RecordsMissing, match="should have 7 records and has 0"):
        taken(world, forms=["DM"], data_format="odm132")
    assert not list(path_of(Export.objects.get()).parent.glob("*.zip"))


def test_the_command_says_what_an_odm_file_holds(world: World, tmp_path: Path) -> None:
    screen(world)
    asked: dict[str, Any] = {"forms": ["DM"], "format": "odm20", "out": tmp_path / "out"}
    asked |= {"person": "data_manager", "purpose": "inspection"}
    call_command("export", **asked, audit=True, signature=True, clinical=True)
    assert etree.parse(tmp_path / "out" / "odm.xml").getroot().get("FileType") == "Transactional"
    call_command("export", **asked | {"out": tmp_path / "alone"}, metadata_only=True)
    assert [child.tag for child in etree.parse(tmp_path / "alone" / "odm.xml").getroot()] == [
        "{http://www.cdisc.org/ns/odm/v2.0}Study",
        "{http://www.cdisc.org/ns/odm/v2.0}AdminData",
    ]
    with pytest.raises(CommandError, match="for ODM; csv has none"):
        call_command("export", **asked | {"format": "csv", "out": tmp_path / "csv"}, audit=True)
    with pytest.raises(CommandError, match="without answers"):
        call_command("export", **asked | {"out": tmp_path / "both"}, metadata_only=True, audit=True)
    kinds = [*Export.objects.order_by("pk").values_list("data_format", flat=True)]
    assert kinds == ["odm20-all", "odm20-def"]


@pytest.mark.parametrize(
    ("language", "title", "weight"), [("en", "By visit", "Weight"), ("zh-hans", "按访视", "体重")]
)
def test_the_annotated_crf_says_where_each_answer_goes(language: str, title: str, weight: str) -> None:
    with translation.override(language):
        pdf = annotated_crf(["ELIG", "DM", "AE"])
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        marks = [(mark.level, mark.get_title(), mark.get_dest().get_index()) for mark in document.get_toc()]
        pages = [page.get_textpage().get_text_bounded() for page in document]
    by_visit = [mark for mark in marks if mark[0] == 0]
    assert by_visit[0][1] == title
    place = {
        name.split(" ")[0]: page for level, name, page in marks if level == 1 and name[:3] in ("DM ", "AE ")
    }
    assert next(page for level, name, page in marks if level == 2 and name.startswith("DM ·")) == place["DM"]
    whole = "".join("".join(pages).split())
    for wanted in (weight, "WEIGHT", "SDTM:AETERM", "CDASH:AETERM", "[NOTSUBMITTED]"):
        assert wanted in whole, wanted
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page

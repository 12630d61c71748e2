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
from django.utils.html import escape
from lxml import etree

from crf import catalogue
from crf.engine.questions import Classification
from exports import documents
from exports.acrf import annotated_crf, annotated_html
from exports.documents import RecordsMissing
from exports.formats.kinds import DataFormat
from exports.models import Export
from exports.odm.metadata import whose_words
from exports.packages import ByArmNotYours
from exports.sdtm.targets import target_of
from exports.selected.selection import Selection
from exports.selected.services import NotInThisFormat
from exports.services import hand_out, path_of, request_export, write_export
from kernel.scope import EVERYTHING, scope
from tests.archival import faults_of_archive
from tests.integration.exports.test_exports import LATER, taken
from tests.world import World, as_person, screen

pytestmark = pytest.mark.django_db
CHAPTERS = ("3.0",)
ADAM: dict[str, Any] = {"forms": ["MH"], "sites": ["01"], "data_format": "adam"}
DOCUMENTS = [kind for kind in DataFormat if kind.is_document]


@pytest.fixture(autouse=True)
def kept_in(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.value)
def test_a_document_stands_in_the_register_with_its_digest(world: World, kind: DataFormat) -> None:
    screen(world)
    export = taken(world, forms=["MH", "LB"], data_format=kind.value)
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


def test_a_study_definition_is_an_export_without_a_participant(world: World, tmp_path: Path) -> None:
    person = screen(world)
    with zipfile.ZipFile(path_of(taken(world, forms=["MH"], data_format="usdm"))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        listed = {each["file"]: each["sha256"] for each in manifest["files"]}
        assert listed.keys() | {"manifest.json"} == set(archive.namelist())
        for name, digest in listed.items():
            content = archive.read(name)
            assert hashlib.sha256(content).hexdigest() == digest
            assert person.number.encode() not in content
    asked = ("--as", "data_manager", "--purpose", "next system", "--format", "usdm")
    call_command("export", *asked, "--out", str(tmp_path / "usdm"))
    assert {path.name for path in (tmp_path / "usdm").iterdir()} == {*listed, "manifest.json"}
    assert "研究" in (tmp_path / "usdm" / "m11.zh-hans.html").read_text(encoding="utf-8")


def test_analysis_data_by_arm_are_the_statisticians(world: World) -> None:
    screen(world)
    with pytest.raises(ByArmNotYours):
        taken(world, forms=["MH"], data_format="adam")
    for arm in ("masked", "absent"):  # operation, drug and response tell it: what is by arm has no other form
        chosen = Selection(arm=arm)
        with as_person(world.statistician), pytest.raises(NotInThisFormat, match=f"ADaM.*: arm {arm}"):
            request_export(**ADAM, purpose="x", selection=chosen, by=world.statistician, at=LATER)
    assert not Export.objects.exists()
    with as_person(world.statistician):
        export = request_export(**ADAM, purpose="x", by=world.statistician, at=LATER)
        with scope(user_id=None, sites=EVERYTHING):
            made = write_export(export=export, at=LATER)
    with as_person(world.data_manager), pytest.raises(ByArmNotYours):
        hand_out(export=made, by=world.data_manager, at=LATER)
    with (
        as_person(world.statistician),
        zipfile.ZipFile(hand_out(export=made, by=world.statistician, at=LATER)) as zipped,
    ):
        assert "adsl.xpt" in zipped.namelist()
        assert "adtte.xpt" not in zipped.namelist()  # nobody is randomized


def test_a_document_that_lacks_a_record_is_not_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(documents, "counted_records", lambda scope, forms: 7)
    with pytest.raises(RecordsMissing, match="should have 7 records and has 0"):
        taken(world, forms=["DM"], data_format="odm132")
    assert not list(tmp_path.rglob("*.zip"))


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
    with scope(user_id=None, sites=EVERYTHING):
        kinds = [*Export.objects.order_by("pk").values_list("data_format", flat=True)]
    assert kinds == ["odm20-all", "odm20-def"]


@pytest.mark.parametrize(
    ("language", "by_visit", "eligibility"),
    [("en", "By visit", "Eligibility"), ("zh-hans", "按访视", "入选资格")],
)
def test_the_annotated_crf_says_where_each_answer_goes(
    language: str, by_visit: str, eligibility: str
) -> None:
    with translation.override(language):
        pdf = annotated_crf(["ELIG", "MH"])
        assert whose_words() in annotated_html(["MH"])
    assert faults_of_archive(pdf) == []
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        marks = [(mark.level, mark.get_title(), mark.get_dest().get_index()) for mark in document.get_toc()]
        pages = [page.get_textpage().get_text_bounded() for page in document]
    titles = [name for level, name, _page in marks if level == 0]
    assert titles[0] == by_visit
    at_visit, own = [(level, page) for level, name, page in marks if name == f"ELIG · {eligibility}"][:2]
    assert (at_visit[0], at_visit[1]) == (2, own[1])
    whole = "".join("".join(pages).split())
    wanted = (eligibility, "INC_1", "SDTM:IEORRES(INCL01)", "CDASH:MHTERM", "SDTM:MHTERM", "[NOTSUBMITTED]")
    assert not [each for each in wanted if each not in whole]
    assert all(f"{number} / {len(pages)}" in page for number, page in enumerate(pages, 1))


def test_the_annotated_crf_names_every_place_with_its_test_or_that_there_is_none() -> None:
    """What stands beside a question is what the data sets are made by, not a second list."""
    forms = catalogue.forms()
    page = annotated_html(list(forms))
    parts = dict(zip(forms, page.split('<h1 class="form"')[1:], strict=True))
    missing = []
    for code, form in forms.items():
        asked = [(code, question) for question in form.questions.values()]
        asked += [
            (f"{code}_{group.name.upper()}", question)
            for group in form.groups.values()
            for question in group.questions.values()
        ]
        for file, question in asked:
            place = target_of(file, question.export)
            if question.derived or question.classification == Classification.IDENTIFYING or not place:
                continue
            if f'<div class="annotation">SDTM: {escape(place)}</div>' not in parts[code]:
                missing.append((file, question.export, place))
    assert missing == []
    assert "SDTM: RSORRES (CTCAT)" in parts["ELIG"]
    mh_any = parts["DM"].partition('<div class="code">MH_ANY</div>')[2][:60]
    assert "[NOT SUBMITTED]" in mh_any

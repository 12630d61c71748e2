"""An export in each format, from the page, the API and the command line."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from pyreadstat import read_xport

from crf import catalogue
from exports.formats.kinds import DataFormat
from exports.models import Export
from exports.services import UnknownFormat, path_of
from tests.integration.exports.file_shapes import shapes_of
from tests.integration.exports.test_exports import taken
from tests.world import World, as_person, screen

pytestmark = pytest.mark.django_db
CHAPTERS = ("3.0",)
TABLES = [kind for kind in DataFormat if not (kind.is_document or kind.is_package or kind.is_printed)]


@pytest.fixture(autouse=True)
def kept_in(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.value)
def test_the_manifest_names_every_file_with_its_digest(world: World, kind: DataFormat) -> None:
    screen(world)
    export = taken(world, forms=["ELIG", "LB", "CRE"], data_format=kind.value)
    with zipfile.ZipFile(path_of(export)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        names = set(archive.namelist())
        for one in manifest["files"]:
            assert hashlib.sha256(archive.read(one["file"])).hexdigest() == one["sha256"], one["file"]
            assert one["expected"] == one["written"]
    listed = {one["file"] for one in manifest["files"]}
    assert names == listed | {"manifest.json"} | set(manifest["readers"])
    assert manifest["format"] == kind.value
    assert bool(manifest["readers"]) == (kind == DataFormat.CSV)
    ending = "csv" if kind == DataFormat.CSV_EXCEL else kind.value
    assert {f"PARTICIPANTS.{ending}", f"LB_TESTS.{ending}", "CODEBOOK.csv", "CODELISTS.csv"} <= listed


def test_a_workbook_and_a_transport_file_hold_the_participant(world: World) -> None:
    participant = screen(world)
    with zipfile.ZipFile(path_of(taken(world, forms=["ELIG"], data_format="xlsx"))) as archive:
        sheet = openpyxl.load_workbook(io.BytesIO(archive.read("PARTICIPANTS.xlsx")))["DATA"]
    assert [cell.value for cell in sheet[2]][:3] == ["PALACE-3", "01", participant.number]
    path = path_of(taken(world, forms=["ELIG"], data_format="xpt"))
    with zipfile.ZipFile(path) as archive:
        archive.extract("PARTICIPANTS.xpt", path.parent)
    frame, _said = read_xport(str(path.parent / "PARTICIPANTS.xpt"), output_format="polars")
    assert frame["SUBJID"].to_list() == [participant.number]


def test_no_half_made_file_is_left_beside(world: World) -> None:
    export = taken(world, forms=["ELIG"], data_format="parquet")
    assert [path.name for path in path_of(export).parent.iterdir()] == [export.file_name]


def test_a_format_that_is_none_is_refused(world: World, client: Any) -> None:
    with pytest.raises(UnknownFormat, match=r"docx.*csv, csv-excel, xlsx"):
        taken(world, data_format="docx")
    client.force_login(world.data_manager)
    sent = {"forms": ["ELIG"], "sites": ["01"], "purpose": "x", "data_format": "docx"}
    assert client.post("/exports/new/", sent).status_code == 422
    answer = client.post(
        "/api/v1/exports/",
        json.dumps({"forms": ["ELIG"], "sites": ["01"], "purpose": "x", "format": "docx"}),
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "exports.unknown_format")


def test_page_and_api_ask_for_a_format(world: World, client: Any) -> None:
    client.force_login(world.data_manager)
    page = client.get("/exports/new/").content.decode()
    assert "SAS transport" in page
    sent = {"forms": ["ELIG"], "sites": ["01"], "purpose": "page", "data_format": "sav"}
    client.post("/exports/new/", sent)
    answer = client.post(
        "/api/v1/exports/",
        json.dumps({"forms": ["ELIG"], "sites": ["01"], "purpose": "program", "format": "dta"}),
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["format"]) == (202, "dta")
    with as_person(world.data_manager):
        asked = dict(Export.objects.values_list("purpose", "data_format"))
    assert asked == {"page": "sav", "program": "dta"}
    assert "<code>sav</code>" in client.get("/exports/").content.decode()


class TestCommand:
    def take(self, out: Path, **more: Any) -> dict[str, Any]:
        said = io.StringIO()
        asked: dict[str, Any] = {"person": "data_manager", "purpose": "review", "out": out, "format": "csv"}
        call_command("export", stdout=said, **{**asked, **more})
        manifest: dict[str, Any] = json.loads(said.getvalue())
        return manifest

    def test_the_folder_holds_what_the_manifest_says(self, world: World, tmp_path: Path) -> None:
        participant = screen(world)
        manifest = self.take(tmp_path / "out", forms=["ELIG"], sites=["01"])
        for one in manifest["files"]:
            content = (tmp_path / "out" / one["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == one["sha256"]
        assert participant.number in (tmp_path / "out" / "PARTICIPANTS.csv").read_text()
        assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "out").iterdir())
        assert (manifest["requested_by"], manifest["purpose"], manifest["sites"]) == (
            "data_manager",
            "review",
            ["01"],
        )

    def test_every_form_and_site_leaves_where_none_is_named(self, world: World, tmp_path: Path) -> None:
        manifest = self.take(tmp_path / "out", format="parquet")
        assert manifest["forms"] == list(catalogue.forms())
        assert {"01", "02"} <= set(manifest["sites"])

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"person": "coordinator"}, "may not take exports"),
            ({"person": "nobody"}, "no account nobody"),
            ({"sites": ["99"]}, "may not take data of 99"),
            ({"purpose": " "}, "Say what the export is for"),
            ({"forms": ["XX"]}, "There is no form XX"),
            ({"as_of": "soon"}, "soon is no moment"),
            ({"out": Path("/proc/nowhere/out")}, "No folder can be made at /proc/nowhere/out"),
            ({"out": Path(__file__)}, "is a file. Name a new folder"),
        ],
    )
    def test_what_may_not_be_is_said(
        self, world: World, tmp_path: Path, more: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(CommandError, match=said):
            self.take(**{"out": tmp_path / "out", **more})
        assert not (tmp_path / "out").exists()

    def test_a_site_that_is_named_twice_is_one_and_languages_have_short_names(
        self, world: World, tmp_path: Path
    ) -> None:
        manifest = self.take(tmp_path / "out", forms=["ELIG"], sites=["01", "01"], lang="zh")
        assert manifest["sites"] == ["01"]
        assert "中心" in (tmp_path / "out" / "CODEBOOK.csv").read_text()
        with pytest.raises(CommandError, match="2026-13-01 is no day"):
            call_command(
                "export", "--as", "x", "--purpose", "x", "--out", str(tmp_path / "x"), "--since", "2026-13-01"
            )

    def test_a_folder_with_files_is_left_alone(self, world: World, tmp_path: Path) -> None:
        (tmp_path / "kept.txt").write_text("kept")
        with pytest.raises(CommandError, match="not empty"):
            self.take(tmp_path)
        assert (tmp_path / "kept.txt").read_text() == "kept"


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.value)
def test_nobody_and_one_participant_leave_the_same_columns_and_types(
    world: World, kind: DataFormat, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"forms": ["ELIG", "LB"], "data_format": kind.value, "tables": ["CONSENTS"]}
    empty = shapes_of(taken(world, **asked), tmp_path / "empty")
    screen(world)
    one = taken(world, **asked)
    assert shapes_of(one, tmp_path / "one") == empty
    assert one.rows
    assert len(empty) >= 4
    assert all(columns for columns in empty.values())

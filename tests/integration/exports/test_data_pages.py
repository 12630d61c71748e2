"""A table as a page, exported as it is seen; the codebook as page and files (issue points 5 and 7)."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from crf import catalogue
from exports.cuts import Cut, plan_for_many
from exports.models import Export, ExportDefinition
from exports.selected.narrowing import narrowed
from exports.selected.selection import Selection, TableView
from exports.services import path_of, write_export
from exports.tables import files_of
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_cuts import History
from tests.integration.exports.test_exports import LATER, files, kept_in, taken
from tests.world import World, as_person

__all__ = ["kept_in"]

pytestmark = pytest.mark.django_db
ASKED = [
    ("column", "SUBJID"),
    ("column", "STATION"),
    *(("where0", "ROW"), ("test0", "least"), ("value0", "2")),
    *(("sort", "STATION"), ("down", "1")),
]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)


@pytest.fixture
def lived(world: World, client: Any) -> History:
    history = History(world)
    for step in ("answered", "arm_given", "visits_planned"):
        history.go_on(step)
    client.force_login(world.data_manager)
    return history


def test_what_is_seen_is_what_is_exported_and_saved(world: World, client: Any, lived: History) -> None:
    address = f"/exports/data/STAGE_NODE/?{urlencode(ASKED)}"
    page = client.get(address)
    rows = page.context["page"].rows
    assert [[cell.value for cell in row] for row in rows] == [[lived.participant.number, "8"]]
    export = client.post(
        f"/exports/data/STAGE_NODE/export/?{urlencode(ASKED)}", {"purpose": "look", "data_format": "csv"}
    )
    assert export.status_code == 302
    with as_person(world.data_manager):
        made = Export.objects.get()
        with scope(user_id=None, sites=EVERYTHING):
            made = write_export(export=made, at=LATER)
    with zipfile.ZipFile(path_of(made)) as archive:
        seen = list(csv.reader(io.StringIO(archive.read("STAGE_NODE.csv").decode("utf-8-sig"))))
    assert seen == [["SUBJID", "STATION"], [lived.participant.number, "8"]]
    saved = client.post(
        f"/exports/data/STAGE_NODE/save/?{urlencode(ASKED)}", {"name": "eight", "purpose": "look"}
    )
    assert saved.status_code == 302
    with as_person(world.data_manager):
        definition = ExportDefinition.objects.get()
    again = client.get(saved["Location"], follow=True)
    assert [[cell.value for cell in row] for row in again.context["page"].rows] == [
        [cell.value for cell in row] for row in rows
    ]
    assert "eight" in client.get("/exports/data/STAGE_NODE/").content.decode()
    title = catalogue.form("STAGE").groups["node"].title
    assert f"<h1>STAGE_NODE Baseline staging: {title}</h1>" in page.content.decode()
    looked_at = f'<a href="/exports/data/STAGE_NODE/?saved={row_key(definition)}">eight</a>'
    assert looked_at in client.get("/exports/saved/").content.decode()
    assert client.post(f"/exports/saved/{row_key(definition)}/take/").status_code == 302


def test_odd_views_say_so_and_strangers_see_none(world: World, client: Any, lived: History) -> None:
    odd = client.get("/exports/data/STAGE_NODE/?where0=ROW&test0=least&value0=x")
    assert odd.status_code == 422
    assert "cannot be compared with ROW" in odd.content.decode()
    assert client.get("/exports/data/NOWHERE/").status_code == 404
    unnamed = client.post("/exports/data/AE/save/", {"name": "", "purpose": ""})
    assert unnamed.status_code == 422
    assert "BIRTH" not in client.get("/exports/data/ELIG/").content.decode()
    client.force_login(world.stranger)
    assert client.get("/exports/data/AE/").status_code == 403


def test_a_page_asks_as_much_whatever_the_rows_are(
    world: World, client: Any, lived: History, django_assert_max_num_queries: Any
) -> None:
    for _number in range(3):
        lived.go_on("somebody_new")
    with django_assert_max_num_queries(15):
        client.get("/exports/data/PARTICIPANTS/")


def test_pages_of_each_form_are_its_file_in_parts(world: World, lived: History) -> None:
    """Records of one page are sought before they are read: in order, none twice, none left out."""
    for step in ("somebody_new", "answered") * 4:
        lived.go_on(step)
    compared = set()
    with as_person(world.data_manager), connection.cursor() as cursor:
        cut = Cut(at=LATER, is_past=False)
        plan_for_many()
        for form in catalogue.forms().values():
            for file in files_of(form, cut=cut):
                seen = narrowed(file, Selection(view=TableView(file.name)), cut).file
                assert seen is not None
                cursor.execute(file.select, {"sites": ["01", "02"]})
                every, parts = cursor.fetchall(), []
                for after in range(0, len(every) + 2, 2):
                    cursor.execute(seen.page(2, after=after), {"sites": ["01", "02"]})
                    parts += cursor.fetchall()
                assert parts == every, file.name
                compared |= {file.name} if len(every) > 2 else set()
    assert compared >= {"STAGE", "STAGE_NODE"}


def test_the_codebook_tells_every_column_with_formula_and_completeness(
    world: World, client: Any, lived: History
) -> None:
    page = client.get("/codebook/?form=STAGE")
    assert page.status_code == 200
    lines = {
        (line.file, line.column.header): (line, filled)
        for _name, of in page.context["files"]
        for line, filled in of
    }
    derived, filled = lines["STAGE", "CSTAGE"]
    assert "(ct, cn, cm)" in derived.formula
    assert (filled.number, filled.of) == (0, 1)
    assert lines["STAGE", "SITEID"][0].label
    assert "NAP" in dict(lines["STAGE_NODE", "STATION_MISS"][0].codes) or lines
    assert "STAGE" in page.context["masked"]
    assert "(not masked)" in page.content.decode()
    typed = {column for (name, column), (line, _filled) in lines.items() if line.stays_behind}
    assert {column for _name, column in lines if column.endswith("_SP")} <= typed
    hidden = client.get("/codebook/?form=SURG")
    assert not hidden.context["masked"]
    assert "it stays behind" in hidden.content.decode()
    assert "(not masked)" not in hidden.content.decode()
    tables = client.get("/codebook/?form=TABLES").content.decode()
    assert "ALLOCATIONS" in tables
    assert "AUDIT_TRAIL" in tables
    whole = client.get("/codebook/all.csv").content.decode("utf-8-sig")
    told = list(csv.DictReader(io.StringIO(whole)))
    assert {row["FILE"] for row in told} >= {"DM", "STAGE_NODE", "ALLOCATIONS", "AUDIT_TRAIL"}
    (row,) = (each for each in told if (each["FILE"], each["VARIABLE"]) == ("STAGE", "CSTAGE"))
    assert (row["FILLED"], row["OF"]) == ("0", "1")
    unexplained = [each["VARIABLE"] for each in told if each["DERIVED"] == "Y" and not each["FORMULA"]]
    assert unexplained == []
    assert client.get("/codebook/all.xlsx").content[:2] == b"PK"
    assert client.get("/codebook/DV.pdf").content[:4] == b"%PDF"
    assert client.get("/codebook/all.pdf").status_code == client.get("/codebook/X.csv").status_code == 404


def test_one_participant_and_none_have_the_same_columns_and_types(world: World) -> None:
    empty = taken(world, data_format="parquet")
    history = History(world)
    for step in ("answered", "arm_given", "milestone_moved", "visits_planned"):
        history.go_on(step)
    assert schemas(empty) == schemas(taken(world, data_format="parquet"))
    assert files(taken(world))["PARTICIPANTS.csv"]


def schemas(export: Export) -> dict[str, Any]:
    import polars as pl

    with zipfile.ZipFile(path_of(export)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".parquet")]
        return {name: pl.read_parquet_schema(io.BytesIO(archive.read(name))) for name in names}


def test_what_only_looks_like_a_number_or_a_day_is_refused(client: Any, lived: History) -> None:
    """Python reads each of these, PostgreSQL none."""
    for column, value in (
        *(("FORMSEQ", value) for value in ("\u0661", "1e200000", "nan", "1_0_", "0x1")),
        *(("OGD_DT", value) for value in ("2026-W01-1", "20260101", "\u0662026-01-01", "0000-01-01")),
    ):
        asked = {"where0": column, "test0": "least", "value0": value}
        assert client.get("/exports/data/STAGE/", asked).status_code == 422, value
    for page in ("\u00b2", "9" * 40, "999999999999999999", "-1", "0"):
        assert client.get("/exports/data/STAGE/", {"page": page}).status_code == 200, page

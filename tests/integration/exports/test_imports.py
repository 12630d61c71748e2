"""Files of data come in without harm: new answers are saved as a page saves them, and what differs stays as it is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.models import Act
from crf.engine.base import Record
from crf.models import Query
from crf.store.records import find_stored_record, record_key_of
from exports.imports.files import read_table
from exports.imports.models import DataImport
from exports.imports.services import carry_out_import, discard_import, lines_as_text, preview_import
from kernel.errors import Refusal
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.test_laboratory import visit_of
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import quality_of_life
from tests.world import NOW, World, screen
from trials.models import Participant

pytestmark = pytest.mark.django_db
LAB = {
    "participant": "SUBJID",
    "visit": "VISIT",
    "visits": {"Screening": "SCR"},
    "answers": {"lb_done": "DONE", "lb_dt": "DATE"},
    "group": "tests",
    "key": ["lb_test"],
    "row": {"lb_test": "TEST", "lb_res": "RESULT", "lb_unit": "UNIT"},
    "codes": {"lb_test": {"Haemoglobin": "HGB", "Potassium": "K"}, "lb_done": {"yes": "Y"}},
    "missing": {"not done": "ND"},
}
HEAD = "SUBJID,VISIT,DONE,DATE,TEST,RESULT,UNIT,REMARK\r\n"


def lab(*lines: str) -> bytes:
    return ("\ufeff" + HEAD + "\r\n".join(lines)).encode()


def previewed(world: World, file: bytes, *, form: str = "LB", mapping: Any = LAB, **more: Any) -> DataImport:
    return preview_import(
        form=form,
        file=file,
        file_name=more.pop("file_name", "lab.csv"),
        mapping=json.dumps(mapping),
        by=more.pop("by", world.coordinator),
        at=NOW,
    )


def imported(world: World, file: bytes, **more: Any) -> DataImport:
    by = more.get("by", world.coordinator)
    return carry_out_import(data_import=previewed(world, file, **more), by=by, at=NOW)


def outcomes(done: DataImport) -> dict[str, int]:
    return {name: number for name, number in done.counts.items() if number}


@pytest.fixture
def everything(db: None) -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


@pytest.fixture
def screened(world: World, everything: None) -> Participant:
    participant = screen(world, signed_on=date(2026, 1, 5))
    visit_of(participant, "SCR")
    return participant


def results(participant: Participant) -> dict[str, tuple[str | None, str | None]]:
    key = record_key_of(participant=participant, form="LB", visit=visit_of(participant, "SCR"))
    stored = find_stored_record(key)
    rows = stored.standing("tests") if stored else []
    return {row.lb_test: (row.lb_res, row.lb_stresc) for row in rows}


def test_point_08_laboratory_results_come_in_as_a_page_would_save_them(
    world: World, screened: Participant
) -> None:
    number = screened.number
    file = lab(
        f"{number},Screening,yes,2026-01-08,Haemoglobin,12.9,g/dL,x",
        f"{number},Screening,yes,2026-01-08,Potassium,4.1,mmol/L,",
    )
    before = Act.objects.count()
    preview = previewed(world, file)
    assert outcomes(preview) == {"new": 8}
    assert results(screened) == {}
    assert not Query.objects.exists()
    assert Act.objects.count() == before + 1
    done = carry_out_import(data_import=preview, by=world.coordinator, at=NOW)
    assert outcomes(done) == {"new": 8}
    assert results(screened) == {"HGB": ("12.9", "129"), "K": ("4.1", "4.1")}
    act = Act.objects.get(verb="crf:answers:save")
    assert act.reason == f"Import {row_key(done)}: lab.csv, lines 2, 3"
    assert lines_as_text([9, 2, 3, 3, 5, 6, 7]) == "2, 3, 5–7, 9"
    assert lines_as_text(range(2, 82, 2)).count(",") == 39, "none is left out, however many there are"
    assert {(cell["line"], cell["target"], cell["text"]) for cell in done.result} >= {
        (2, "tests.lb_res", "12.9"),
        (3, "tests.lb_res", "4.1"),
    }


def test_point_08_a_second_run_changes_nothing(world: World, screened: Participant) -> None:
    file = lab(f"{screened.number},SCR,Y,2026-01-08,HGB,12.9,g/dL,")
    imported(world, file)
    acts, version = Act.objects.filter(verb="crf:answers:save").count(), Record.objects.get().version
    again = imported(world, file)
    assert outcomes(again) == {"same": 5}
    assert Act.objects.filter(verb="crf:answers:save").count() == acts
    assert Record.objects.get().version == version


def test_point_08_what_differs_is_listed_and_stays_and_the_rest_comes_in(
    world: World, screened: Participant
) -> None:
    imported(world, lab(f"{screened.number},SCR,Y,2026-01-08,HGB,12.9,g/dL,"))
    done = imported(
        world,
        lab(
            f"{screened.number},SCR,Y,2026-01-08,HGB,13.5,g/dL,",
            f"{screened.number},SCR,Y,2026-01-08,K,4.0,mmol/L,",
        ),
    )
    assert outcomes(done) == {"new": 3, "same": 4, "conflict": 1}
    (conflict,) = [cell for cell in done.result if cell["outcome"] == "conflict"]
    assert (conflict["line"], conflict["text"], conflict["stored"]) == (2, "13.5", "12.9")
    assert results(screened) == {"HGB": ("12.9", "129"), "K": ("4.0", "4")}
    last = Act.objects.filter(verb="crf:answers:save").latest("pk")
    assert last.reason == f"Import {row_key(done)}: lab.csv, lines 3", (
        "the line whose cells differ gave nothing"
    )


def test_point_08_a_line_that_cannot_be_true_leaves_the_others_alone(
    world: World, screened: Participant
) -> None:
    other = screen(world, signed_on=date(2026, 1, 5))
    visit_of(other, "SCR")
    foreign = screen(world, site=world.other_site, signed_on=date(2026, 1, 5))
    done = imported(
        world,
        lab(
            f"{screened.number},SCR,Y,2999-01-08,HGB,12.9,g/dL,",
            f"{other.number},SCR,Y,2026-01-08,HGB,11.0,g/dL,",
            f"{other.number},SCR,Y,2026-01-08,HGB,11.5,g/dL,",
            f"{foreign.number},SCR,Y,2026-01-08,HGB,11.0,g/dL,",
            "99-9999,SCR,Y,2026-01-08,HGB,11.0,g/dL,",
            f"{other.number},NOPE,Y,2026-01-08,HGB,11.0,g/dL,",
            f"{other.number},SCR,Y,2026-01-09,K,4.0,mmol/L,",
            f"{other.number},SCR,Y,2026-01-08,TROPX,0.1,ng/mL,",
            f"{other.number},SCR,Y,2026-01-08,,0.2,ng/mL,",
        ),
    )
    assert results(screened) == {}
    assert results(other) == {"HGB": ("11.0", "110"), "K": ("4.0", "4")}
    refused = {(cell["line"], cell["said"]) for cell in done.result if cell["outcome"] == "refused"}
    assert {line for line, _said in refused} == {2, 4, 5, 6, 7, 8, 9, 10}
    sentences = dict(refused)
    assert sentences[5] == sentences[6].replace("99-9999", foreign.number)
    assert "NOPE" in sentences[7]
    assert "2026-01-08" in sentences[8]
    assert sentences[9] == "The row is known by “Test”, and “TROPX” cannot be read there."
    assert sentences[10] == "The row is known by “Test”, and nothing stands there."


def test_point_08_a_reason_stands_where_there_is_no_result(world: World, screened: Participant) -> None:
    imported(world, lab(f"{screened.number},SCR,Y,2026-01-08,HGB,not done,,"))
    key = record_key_of(participant=screened, form="LB", visit=visit_of(screened, "SCR"))
    stored = find_stored_record(key)
    assert stored
    (row,) = stored.standing("tests")
    assert (row.lb_res, row.missing.get("lb_res")) == (None, "ND")


def test_point_08_records_of_a_log_are_known_by_their_answers(world: World, screened: Participant) -> None:
    mapping = {
        "participant": "id",
        "match": ["mh_text", "mh_start"],
        "answers": {"mh_text": "what", "mh_start": "since", "mh_ongo": "ongoing"},
    }
    text = f"id,what,since,ongoing\n{screened.number},Gout,2019,Y\n{screened.number},Asthma,2001-05,Y\n"
    first = imported(world, text.encode(), form="MH", mapping=mapping)
    assert first.counts["refused"] == 0, first.result
    again = imported(world, text.encode(), form="MH", mapping=mapping)
    assert again.counts["new"] == 0
    assert Record.objects.filter(form_code="MH").count() == 2
    ended = text.replace("2001-05,Y", "2001-05,N")
    assert outcomes(imported(world, ended.encode(), form="MH", mapping=mapping)) == {"same": 5, "conflict": 1}


def test_point_08_a_questionnaire_comes_in_by_the_names_of_its_items_and_is_scored(
    world: World, screened: Participant
) -> None:
    visit = visit_of(screened, "QOL-0")
    answered = {
        name: as_text(value) for name, value in {**quality_of_life.VALUES, "q_done_dt": visit.opens}.items()
    }
    head, line = ("SUBJID", "VISIT", *answered), (screened.number, "QOL-0", *answered.values())
    file = "\n".join(map(",".join, (head, line))).encode()

    def brought() -> DataImport:
        told: dict[str, Any] = {"form": "QOL", "file": file, "file_name": "qol.csv", "mapping": ""}
        preview = preview_import(**told, by=world.coordinator, at=NOW)
        return carry_out_import(data_import=preview, by=world.coordinator, at=NOW)

    first = brought()
    assert outcomes(first) == {"new": len(answered)}, [c for c in first.result if c["outcome"] != "new"]
    stored = find_stored_record(record_key_of(participant=screened, form="QOL", visit=visit))
    assert stored
    assert (stored.record.q1, stored.record.q29, stored.record.q_done_dt) == ("2", "5", visit.opens)
    assert None not in (stored.record.ql2, stored.record.pf2, stored.record.ef)
    assert outcomes(brought()) == {"same": len(answered)}


def as_text(value: Any) -> str:
    return ";".join(value) if isinstance(value, list) else str(value)


def test_a_workbook_says_what_a_csv_says(world: World, screened: Participant) -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, HEAD.strip().split(","))
    sheet.write_row(1, 0, [screened.number, "SCR", "Y"])
    sheet.write_datetime(1, 3, NOW.replace(2026, 1, 8, 0, 0, 0, 0, None), day)
    sheet.write_row(1, 4, ["HGB", 12.9, "g/dL"])
    sheet.write_row(2, 4, ["=1+1"])
    book.close()
    table = read_table(file.getvalue(), name="C:\\lab\\results.xlsx")
    assert table.name == "results.xlsx"
    assert table.lines[0].cells["DATE"] == "2026-01-08"
    assert table.lines[0].cells["RESULT"] == "12.9"
    imported(world, file.getvalue(), file_name="results.xlsx")
    assert results(screened) == {"HGB": ("12.9", "129")}


def workbook_with_nul() -> bytes:
    """A workbook one of whose cells says _x0000_, which readers take for the character of that number."""
    written, file = io.BytesIO(), io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    sheet = book.add_worksheet()
    for row in range(2):
        sheet.write_row(row, 0, ["SUBJID", "VISIT_x0000_"])
    book.close()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"_x005F_x0000_", b"_x0000_"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "exports.import_file_empty"),
        (HEAD.encode(), "exports.import_file_empty"),
        (b"SUBJID,SUBJID\n1,2", "exports.import_column_twice"),
        (b"SUBJID\n1,2", "exports.import_line_too_long"),
        ("SUBJID\n受试者".encode("gb18030"), "exports.import_file_unreadable"),
        (b"SUBJID\n\0", "exports.import_file_unreadable"),
        (b"PK\x03\x04nonsense", "exports.import_file_unreadable"),
        (workbook_with_nul(), "exports.import_file_unreadable"),
        (b"\x89PNG\r\n\x1a\n\xff", "exports.import_file_unreadable"),
        (b'SUBJID\n"never closed', "exports.import_file_unreadable"),
        (b"SUBJID\n" + b"1\n" * 20_001, "exports.import_file_too_large"),
        (b"x" * (10 * 2**20 + 1), "exports.import_file_too_large"),
        (b"SUBJID\n01-0001", "exports.import_mapping_unusable"),
        (HEAD.encode() + b"99-9999,SCR,Y,2026-01-08,HGB,12.9,g/dL,", "exports.import_of_nobody"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(world: World, content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        previewed(world, content)
    assert refused.value.code == code
    assert not DataImport.objects.exists()


@pytest.mark.parametrize(
    "mapping",
    [
        [],
        {},
        {"participant": 5},
        LAB | {"visit": ""},
        LAB | {"elsewhere": "x"},
        LAB | {"answers": {"lb_nothing": "DATE"}},
        LAB | {"answers": {"lb_left": "DATE"}},
        LAB | {"group": "nothing"},
        LAB | {"key": []},
        LAB | {"key": ["lb_dt"]},
        LAB | {"missing": {"x": "NA"}},
        LAB | {"codes": {"lb_test": ["HGB"]}},
        LAB | {"codes": {"lb_test": {"\ud800": "HGB"}}},
        LAB | {"visits": {"\0": "SCR"}},
        LAB | {"visits": {"x": "\udfff"}},
        {"participant": "SUBJID", "visit": "VISIT"},
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(world: World, mapping: Any) -> None:
    with pytest.raises(Refusal) as refused:
        previewed(world, lab("x"), mapping=mapping)
    assert refused.value.code == "exports.import_mapping_unusable"


def test_nobody_imports_where_they_do_not_fill_in_forms(world: World, screened: Participant) -> None:
    file = lab(f"{screened.number},SCR,Y,2026-01-08,HGB,12.9,g/dL,")
    with pytest.raises(Refusal):
        previewed(world, file, by=world.data_manager)
    preview = previewed(world, file)
    with pytest.raises(Refusal) as refused:
        carry_out_import(data_import=preview, by=world.data_manager, at=NOW)
    assert refused.value.code == "exports.import_not_yours"
    discard_import(data_import=preview, by=world.coordinator, at=NOW)
    with pytest.raises(Refusal) as closed:
        carry_out_import(data_import=preview, by=world.coordinator, at=NOW)
    assert closed.value.code == "exports.import_closed"
    assert results(screened) == {}


def test_the_command_prints_what_became_of_each_cell(
    world: World, screened: Participant, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "lab.csv", tmp_path / "lab.json"
    file.write_bytes(lab(f"{screened.number},SCR,Y,2026-01-08,HGB,12.9,g/dL,"))
    mapping.write_text(json.dumps(LAB))
    said = {"person": world.coordinator.username, "form": "LB", "file": file, "mapping": mapping}
    out = io.StringIO()
    call_command("import_data", stdout=out, dry_run=True, **said)
    told = json.loads(out.getvalue())
    assert (told["state"], told["cells"]["new"]) == ("discarded", 5)
    assert results(screened) == {}
    call_command("import_data", stdout=io.StringIO(), **said)
    assert set(results(screened)) == {"HGB"}
    file.write_bytes(lab(f"{screened.number},SCR,Y,2026-01-08,HGB,13.9,g/dL,"))
    with pytest.raises(CommandError, match="Not taken, and listed above: 1"):
        call_command("import_data", stdout=io.StringIO(), **said)
    with transaction.atomic():
        assert results(screened)["HGB"] == ("12.9", "129")
    mapping.write_bytes(json.dumps({**LAB, "visits": {"受试者": "SCR"}}, ensure_ascii=False).encode("gbk"))
    with pytest.raises(CommandError, match="is no text in UTF-8"):
        call_command("import_data", stdout=io.StringIO(), **said)
    mapping.write_text(json.dumps(LAB))
    with pytest.raises(CommandError, match="holds more than"):
        call_command("import_data", stdout=io.StringIO(), **{**said, "file": Path("/dev/zero")})


def test_a_file_is_previewed_and_taken_on_its_page(world: World, screened: Participant) -> None:
    """The columns are recognised by the names and texts of the questions; the mapping is used again by its name."""
    client = client_of(world.coordinator)
    head = "SUBJID,VISIT,lb_done,LB_DT,lb_test,lb_res,lb_unit\n"

    def sent(*lines: str, **more: str) -> Any:
        file = io.BytesIO((head + "\n".join(lines)).encode())
        file.name = "lab.csv"
        return client.post("/imports/new/", {"form": "LB", "file": file, **more})

    page = sent(f"{screened.number},SCR,Yes,2026-01-08,HGB,12.9,g/dL", mapping_name="central")
    assert page.status_code == 302, page.content.decode()[-2000:]
    shown = client.get(page["Location"]).content.decode()
    assert "Save 5 new answers" in shown
    assert results(screened) == {}
    client.post(f"{page['Location']}take/")
    assert results(screened) == {"HGB": ("12.9", "129")}
    assert "Save" not in client.get(page["Location"]).content.decode().split("<main")[1].split("p3-filter")[0]
    again = sent(f"{screened.number},SCR,是,2026-01-08,HGB,13.9,g/dL", mapping_name="central")
    told = client.get(f"{again['Location']}?outcome=conflict").content.decode()
    assert "13.9" in told
    assert "12.9" in told
    all_of_it = client.get(f"{again['Location']}?outcome=lost").content.decode()
    assert "“lost” is no choice of this page" in all_of_it
    assert "13.9" in all_of_it
    wrong = sent("99-9999,SCR,Y,2026-01-08,HGB,13.9,g/dL", mapping_name="kept")
    assert wrong.status_code == 422
    assert 'value="kept"' in wrong.content.decode()
    assert client_of(world.data_manager).get("/imports/").status_code == 403

"""``manage.py survival``: files as agreed, the same for any order of rows; bad input is refused or answered."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from tests.protocol.survival_analysis.against_r import HERE

DATA = HERE / "data"
HEAD = "id,time,event,group,stratum\n"
SMALL = HEAD + "1,5,1,A,x\n2,8,0,A,y\n3,3,1,B,x\n4,9,1,B,y\n"
COLUMNS = {"time": "time", "event": "event", "group": "group"}


def survival(table: str | bytes | Path, out: Path, **options: Any) -> str:
    """What the command prints; its files are in ``out``."""
    path = table if isinstance(table, Path) else out.parent / "table.csv"
    if not isinstance(table, Path):
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
    printed = io.StringIO()
    call_command("survival", csv=path, out=out, stdout=printed, **{**COLUMNS, **options})
    return printed.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summary_of(folder: Path) -> Any:
    return json.loads((folder / "summary.json").read_text(), parse_constant=pytest.fail)


def details_of(folder: Path) -> Any:
    return json.loads((folder / "details.json").read_text(), parse_constant=pytest.fail)


def test_the_files_have_the_agreed_shape(tmp_path: Path) -> None:
    survival(DATA / "veteran.csv", tmp_path / "out", stratum="stratum")
    said = json.loads((DATA / "veteran.json").read_text())
    assert list(contents(tmp_path / "out")) == ["details.json", "km.csv", "km.svg", "summary.json"]
    rows = rows_of(tmp_path / "out" / "km.csv")
    assert list(rows[0]) == [
        *("group", "time", "n_risk", "n_event", "n_censor", "survival", "ci_lower", "ci_upper"),
    ]
    of_test = [row for row in rows if row["group"] == "test"]
    assert [float(row["survival"]) for row in of_test] == pytest.approx(said["log-log"]["test"]["survival"])
    assert (of_test[-1]["survival"], of_test[-1]["ci_lower"]) == ("0", "")
    summary = summary_of(tmp_path / "out")
    assert list(summary) == ["groups", "logrank", "cox", "rmst"]
    median = dict(zip(("median", "median_lcl", "median_ucl"), said["log-log"]["test"]["median"], strict=True))
    assert summary["groups"]["test"] == {"n": 68, "events": 64, **median}
    assert median["median"] == 52.5, "the middle of a while on one half"
    assert summary["logrank"] == {
        "chi2": pytest.approx(said["logrank_stratified"][0]), "p": pytest.approx(said["logrank_stratified"][2])
    }  # fmt: skip
    assert list(summary["cox"]) == ["hr", "lcl", "ucl"]
    assert list(summary["rmst"]) == ["tau", "standard", "test"]
    assert [summary["rmst"]["test"][key] for key in ("rmst", "se")] == pytest.approx(said["rmst"]["test"])


def test_competing_events_have_a_file_of_their_own(tmp_path: Path) -> None:
    survival(DATA / "competing.csv", tmp_path / "out")
    said = json.loads((DATA / "competing.json").read_text())
    rows = rows_of(tmp_path / "out" / "cuminc.csv")
    assert list(rows[0]) == ["group", "cause", "time", "estimate", "se"]
    second = [row for row in rows if (row["group"], row["cause"]) == ("2", "2")]
    assert [float(row["se"]) for row in second] == pytest.approx(said["incidence"]["2 2"]["se"])
    assert details_of(tmp_path / "out")["causes"]["1"]["gray"]["p"] == pytest.approx(said["gray"]["1"][2])
    survival(DATA / "aml.csv", tmp_path / "out")
    assert not (tmp_path / "out" / "cuminc.csv").exists(), "it would stand beside a summary of another table"


def test_the_same_to_the_last_digit_in_any_order_of_rows(tmp_path: Path) -> None:
    head, *rows = (DATA / "competing.csv").read_text().splitlines()
    for n in range(3):
        random.Random(n).shuffle(rows)
        survival("\n".join([head, *rows]), tmp_path / str(n), stratum="stratum")
    first, *others = (contents(tmp_path / str(n)) for n in range(3))
    for other in others:
        assert all(other[name] == first[name] for name in first if name != "details.json")
        assert b'"causes"' in other["details.json"]
        assert (
            other["details.json"].partition(b'"method"')[2] == first["details.json"].partition(b'"method"')[2]
        )


def test_the_file_as_spreadsheets_in_chinese_save_it(tmp_path: Path) -> None:
    lines = (
        *("\ufeff编号,时间,结局,组别", "1,５,１,主动监测", "2, 8 ,0,主动监测"),
        *('3,3.0,1.0,"手术, 甲"', '4,1e1,1,"手术, 甲"', ",,,", ""),
    )
    text = "\r\n".join(lines)
    survival(text, tmp_path / "out", time="时间", event="结局", group="组别", id="编号", lang="zh-hans")
    assert [(row["group"], row["time"]) for row in rows_of(tmp_path / "out" / "km.csv")] == [
        ("主动监测", "5"), ("主动监测", "8"), ("手术, 甲", "3"), ("手术, 甲", "10")
    ]  # fmt: skip


REFUSED = [
    ("", "has no row of data"),
    (HEAD, "has no row of data"),
    ("id,time,event\n1,5,1\n", "There is no column “group”. The columns are: id, time, event."),
    ("time,time,event,group\n5,6,1,A\n", "The column “time” stands in the head twice"),
    (SMALL + "5,-1,1,A,x\n", "Line 6, column “time”: the time -1 lies before the origin"),
    (SMALL + "5,soon,1,A,x\n", "Line 6, column “time”: “soon” is no time"),
    (SMALL + "5,1e400,1,A,x\n", "“1e400” is no time"),
    (SMALL + "5,inf,1,A,x\n", "“inf” is no time"),
    (SMALL + "5,nan,1,A,x\n", "“nan” is no time"),
    (SMALL + "5,1_000,1,A,x\n", "“1_000” is no time"),
    (SMALL + "5,2026-01-31,1,A,x\n", "“2026-01-31” is no time"),
    (SMALL + "5,²,1,A,x\n", "“²” is no time"),
    (SMALL + "5,6,0.5,A,x\n", "Line 6, column “event”: “0.5” is no event"),
    (SMALL + "5,6,-1,A,x\n", "“-1” is no event"),
    (SMALL + "5,6,100,A,x\n", "“100” is no event"),
    (SMALL + "5,6,yes,A,x\n", "“yes” is no event"),
    (SMALL + "5,,1,A,x\n", "Line 6 has nothing in the column “time”"),
    (SMALL + "5,6,1, ,x\n", "Line 6 has nothing in the column “group”"),
    (SMALL + "5,6,NA,A,x\n", "Line 6 has nothing in the column “event”"),
    (SMALL + "5,6,1,A\n", "Line 6 has 4 cells, and the head has 5"),
    (SMALL + "5,6,1,A,x,y\n", "Line 6 has 6 cells, and the head has 5"),
    (SMALL + "1,6,1,A,x\n", "Lines 2 and 6 have the same id “1”"),
    (SMALL + "5,6,1,tau,x\n", "No group can be called “tau”"),
    (SMALL + "5,6,1,A\x07,x\n", "a sign that cannot be printed"),
    (SMALL + '5,6,1,"A,x\n', "is not CSV"),
    (HEAD + "".join(f"{n},6,1,{n},x\n" for n in range(51)), "has 51 different values, more than 50 groups"),
    (SMALL.encode("utf-16"), "is not UTF-8"),
    ((HEAD + "1,5,1,手术,x\n").encode("gb18030"), "is not UTF-8"),
]


@pytest.mark.parametrize(("table", "sentence"), REFUSED)
def test_what_is_not_understood_is_refused_with_its_line(
    table: str | bytes, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError) as refused:
        survival(table, tmp_path / "out", stratum="stratum" if b"stratum" in _bytes(table) else None)
    assert sentence in str(refused.value)
    assert not (tmp_path / "out").exists(), "a refused table leaves no file"
    with pytest.raises(CommandError) as in_chinese:
        survival(table, tmp_path / "out", lang="zh-hans")
    assert any("\u4e00" <= sign <= "\u9fff" for sign in str(in_chinese.value))


def _bytes(table: str | bytes) -> bytes:
    return table if isinstance(table, bytes) else table.encode()


@pytest.mark.parametrize("path", ["nowhere.csv", "."])
def test_a_file_that_cannot_be_read_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        survival(tmp_path / path, tmp_path / "out")


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CommandError, match="cannot be written to"):
        survival(SMALL, tmp_path / "out")


WITHOUT = {
    "no events": ("1,5,0,A,x\n2,8,0,A,y\n3,3,0,B,x\n4,9,0,B,y\n", {"logrank": "no_events", "cox": "no_events"}),
    "one group": ("1,5,1,A,x\n2,8,0,A,y\n", {"logrank": "one_group", "cox": "one_group"}),
    "one row": ("1,5,1,A,x\n", {"logrank": "one_group", "cox": "one_group"}),
    "one row, censored": ("1,5,0,A,x\n", {"logrank": "one_group", "cox": "one_group"}),
    "time 0 only": (
        "1,0,1,A,x\n2,0,1,B,x\n",
        {
            "logrank": "groups_not_comparable",
            "rmst.A": "not_followed_to_the_time",
            "rmst.B": "not_followed_to_the_time",
        },
    ),
    "the events separate the groups": ("1,5,1,A,x\n2,8,1,A,y\n3,9,1,B,x\n4,9,0,B,y\n", {"cox": "monotone_likelihood"}),
    "three groups": (
        "1,5,1,A,x\n2,4,1,B,x\n3,6,1,B,x\n4,3,1,C,x\n5,7,1,C,x\n6,8,1,A,x\n",
        {"cox": "more_than_two_groups"},
    ),
    "no stratum with both groups": (
        "1,5,1,A,x\n2,8,1,A,x\n3,9,1,B,y\n4,9,1,B,y\n",
        {"logrank": "groups_not_comparable", "cox": "groups_not_comparable"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WITHOUT)
def test_what_has_no_answer_is_null_with_a_reason(case: str, tmp_path: Path) -> None:
    rows, reasons = WITHOUT[case]
    printed = survival(HEAD + rows, tmp_path / "out", stratum="stratum")
    summary, details = summary_of(tmp_path / "out"), details_of(tmp_path / "out")
    assert details["without_result"] == reasons
    assert all(path in printed for path in reasons)
    assert (summary["logrank"]["p"] is None) == ("logrank" in reasons)
    assert (summary["cox"]["hr"] is None) == ("cox" in reasons)
    assert b"NaN" not in b"".join(contents(tmp_path / "out").values())


def test_a_median_that_is_not_reached_is_null(tmp_path: Path) -> None:
    survival(HEAD + "1,5,1,A,x\n2,8,0,A,x\n3,9,0,A,x\n", tmp_path / "out")
    group = summary_of(tmp_path / "out")["groups"]["A"]
    assert group == {"n": 3, "events": 1, "median": None, "median_lcl": 5, "median_ucl": None}


def test_rows_are_left_out_only_when_that_is_said(tmp_path: Path) -> None:
    printed = survival(SMALL + "5,,1,A,x\n6,4,NA,B,x\n", tmp_path / "out", omit_missing=True)
    assert "2 lines with a blank cell are left out" in printed
    assert details_of(tmp_path / "out")["source"]["lines_left_out"] == [6, 7]
    with pytest.raises(CommandError, match="has no row of data"):
        survival(HEAD + "1,,1,A,x\n", tmp_path / "out", omit_missing=True)


def test_repeated_ids_count_only_when_that_is_said(tmp_path: Path) -> None:
    survival(SMALL + "1,6,1,A,x\n", tmp_path / "out", repeated_ids=True)
    assert summary_of(tmp_path / "out")["groups"]["A"]["n"] == 3


def test_a_table_that_codes_death_as_two_is_pointed_out(tmp_path: Path) -> None:
    printed = survival(HEAD + "1,5,1,A,x\n2,8,2,A,x\n3,9,2,B,x\n", tmp_path / "out")
    assert "No row is censored" in printed


def test_survival_at_a_time_and_its_difference(tmp_path: Path) -> None:
    survival(DATA / "veteran.csv", tmp_path / "out", at=100.0)
    details = details_of(tmp_path / "out")
    first, second = (details["groups"][name]["at"] for name in ("standard", "test"))
    difference = details["difference"]
    assert difference["value"] == pytest.approx(first["survival"] - second["survival"])
    assert difference["se"] == pytest.approx((first["se"] ** 2 + second["se"] ** 2) ** 0.5)
    assert difference["lcl"] < difference["value"] < difference["ucl"]
    survival(DATA / "veteran.csv", tmp_path / "out", at=2000.0)
    assert details_of(tmp_path / "out")["groups"]["test"]["at"]["survival"] == 0


def test_groups_stand_by_number_where_they_are_numbers(tmp_path: Path) -> None:
    survival(HEAD + "1,5,1,10,x\n2,8,1,9,x\n3,4,1,9,x\n4,9,0,10,x\n", tmp_path / "out")
    assert list(summary_of(tmp_path / "out")["groups"]) == ["9", "10"]


def test_the_picture_names_groups_as_text_and_draws_nobody_without_people(tmp_path: Path) -> None:
    survival(HEAD + "1,5,1,<b>A&,x\n2,8,0,<b>A&,x\n3,9,1,B,x\n4,10,0,B,x\n", tmp_path / "out")
    drawing = ET.parse(tmp_path / "out" / "km.svg").getroot()  # noqa: S314 (drawn a line above)
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"<b>A&", "B", "Number at risk", "100 %"} <= set(texts)
    start = texts.index("<b>A&")
    assert texts[start + 1 : start + 5] == ["2", "2", "2", "1"], "at risk at 0, 2, 4 and 6"
    assert (
        len([path for path in drawing.iter("{http://www.w3.org/2000/svg}path") if path.get("stroke-width")])
        == 2
    )


def test_a_curve_of_people_who_all_left_at_time_zero_falls_there(tmp_path: Path) -> None:
    survival(HEAD + "1,0,1,A,x\n2,0,0,A,x\n3,1e-320,0,A,x\n", tmp_path / "out")
    assert 'd="M60.0,34.0 L60.0,134.0"' in (tmp_path / "out" / "km.svg").read_text(), "from one to two thirds"


def test_every_group_has_its_own_style_and_few_have_bands(tmp_path: Path) -> None:
    for number, bands in ((3, 3), (50, 0)):
        rows = "".join(f"{n},{n + 5},{n % 2},{n % number},x\n" for n in range(4 * number))
        survival(HEAD + rows, tmp_path / "out")
        drawing = (tmp_path / "out" / "km.svg").read_text()
        styles = re.findall(
            r'<path d="[^"]*" fill="none" stroke="([^"]*)" stroke-width="2" stroke-dasharray="([^"]*)"',
            drawing,
        )
        assert len(styles) == len(set(styles)) == number
        assert drawing.count("<polygon") == bands


def test_as_many_rows_as_forty_trials_take_seconds(tmp_path: Path) -> None:
    chance = random.Random(5)
    rows = "".join(
        f"{n},{chance.expovariate(0.001):.0f},{chance.choice((0, 1, 1, 2))},{chance.choice('AB')},{n % 90}\n"
        for n in range(35_600)
    )
    began = time.process_time()
    survival(HEAD + rows, tmp_path / "out", stratum="stratum")
    assert time.process_time() - began < 20
    assert sum(group["n"] for group in summary_of(tmp_path / "out")["groups"].values()) == 35_600
    assert (tmp_path / "out" / "km.svg").stat().st_size < 300_000

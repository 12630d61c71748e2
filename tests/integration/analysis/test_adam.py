"""The ADaM package of a played trial: subject by subject the values of the endpoints, and files that read back."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from pyreadstat import read_xport

from analysis.adam.declarations import (
    TIMES,
    TimeParameter,
    adam_datasets,
    adam_variables,
    deterioration,
    outcomes,
)
from analysis.definitions import every_column
from analysis.rules import rules_of
from tests.integration.analysis.played_reports import played_reports
from tests.integration.exports.test_sdtm import files_of as tables
from tests.integration.exports.test_sdtm import references

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CHAPTERS = ("6.1", "6.5")
SETS = {"ITT": "ITTFL", "PP": "PPROTFL", "SAFETY": "SAFFL", "RESECTED": "RESFL", "CCR_SET": "CCRFL"}
Row = dict[str, str]


@pytest.fixture
def made(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played_reports(settings, tmp_path_factory)


def table(made: Path, name: str) -> list[Row]:
    """Read a transport file with a reader of its own, every cell as the text that CSV has."""
    frame, _said = read_xport(str(made / "adam" / f"{name.lower()}.xpt"), output_format="polars")
    return [{key: plain(value) for key, value in row.items()} for row in frame.iter_rows(named=True)]


def plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return value.isoformat() if isinstance(value, date) else str(value)


def number(text: str) -> str:
    return plain(float(text)) if text.replace(".", "", 1).isdigit() else text


def test_every_subject_has_the_values_of_the_endpoints(made: Path) -> None:
    with (made / "endpoints" / "endpoints.csv").open(encoding="utf-8-sig", newline="") as lines:
        endpoints = {row["SUBJID"]: row for row in csv.DictReader(lines)}
    level = {row["SUBJID"]: row for row in table(made, "ADSL")}
    assert len(endpoints) >= 7
    assert {subject for subject, row in level.items() if row["RANDFL"] == "Y"} == endpoints.keys()
    times = {(row["USUBJID"][-7:], row["PARAMCD"]): row for row in table(made, "ADTTE")}
    told = {(row["USUBJID"][-7:], row["PARAMCD"]): row for row in table(made, "ADRS")}
    for subject, row in endpoints.items():
        one = level[subject]
        assert (one["SITEID"], one["RANDDT"], one["DCUTDT"]) == (row["SITEID"], row["RANDDT"], row["CUTOFF"])
        assert (one["TRT01PN"], one["PPROTRS"]) == (row["ARM"], row["PP_WHY"])
        assert {name: one[name] for name in SETS.values()} == {SETS[name]: row[name] for name in SETS}
        for each in outcomes():
            if each.dataset == "ADSL":
                assert one[each.name] == number(row[each.column]), (subject, each.column)
            elif each.dated == "LATECCR":
                assert told.get((subject, each.name), {}).get("ADT", "") == row[each.column]
            else:
                assert told.get((subject, each.name), {}).get("AVALC", "") == row[each.column], each
        assert told.get((subject, "CCR"), {}).get("ADT", "") == row["CCR_DT"]
        for parameter in every_time():
            same_time(parameter, times.get((subject, parameter.code), {}), row)
    baselines = {
        (row["USUBJID"][-7:], row["PARAMCD"]): float(row["AVAL"])
        for row in table(made, "ADQS")
        if row["ABLFL"] == "Y"
    }
    for scale in rules_of("1.0").main_scales:
        for subject, row in endpoints.items():
            if row[f"{scale}_BASE"]:
                assert f"{baselines[subject, scale]:.2f}" == row[f"{scale}_BASE"]
            else:
                assert (subject, scale) not in baselines


def every_time() -> Iterator[TimeParameter]:
    yield from TIMES
    yield from map(deterioration, rules_of("1.0").main_scales)


def same_time(parameter: TimeParameter, told: Row, row: Row) -> None:
    days = row[f"{parameter.column}_DAYS"]
    assert told.get("AVAL", "") == days, parameter
    if not days:
        return
    assert (date.fromisoformat(told["ADT"]) - date.fromisoformat(told["STARTDT"])).days == int(days)
    if parameter.event:
        cause = row[f"{parameter.column}_CAUSE"]
        expected = "1" if cause == "censored" else "0" if cause == parameter.event else "2"
        assert (told["CNSR"], told["EVNTDESC"]) == (expected, cause)
    else:
        assert told["CNSR"] == str(1 - int(row[f"{parameter.column}_EVENT"]))
        assert parameter.scale or told["EVNTDESC"] == row[f"{parameter.column}_REASON"]


def test_the_hardest_four_are_as_their_forms_say(made: Path) -> None:
    """Of a death, a salvage operation, a crossover and a withdrawal the days are reckoned from the forms alone."""
    forms = tables(made / "whole.zip")
    began = {row["SUBJID"]: row["DATE"] for row in forms["MILESTONES"] if row["MILESTONE"] == "RAND"}
    told = {(row["USUBJID"][-7:], row["PARAMCD"]): row for row in table(made, "ADTTE")}
    level = {row["SUBJID"]: row for row in table(made, "ADSL")}

    def apart(number: str, day: str) -> str:
        return str((date.fromisoformat(day) - date.fromisoformat(began[number])).days)

    died = {row["SUBJID"]: row["DEATH_DT"] for row in forms["SURV"] if row["VITAL"] == "dead"}
    for number in died.keys() & began.keys():
        row = told[number, "OS"]
        assert (row["AVAL"], row["CNSR"], row["EVNTDESC"]) == (apart(number, died[number]), "0", "death")
    salvage = {row["SUBJID"]: row["SURG_DT"] for row in forms["SURG"] if row["INTENT"] == "salvage"}
    resected = {row["SUBJID"] for row in forms["SURG"] if row["SURG_DONE"] == "resection"}
    for number in salvage.keys() & resected:
        row = told[number, "ESOPHECT"]
        assert (row["AVAL"], row["CNSR"], row["SRCDOM"]) == (apart(number, salvage[number]), "0", "PR")
    crossed = {row["SUBJID"]: row["DV_CROSS_TO"] for row in forms["DV"] if row["DV_CAT"] == "crossover"}
    for number, strategy in crossed.items():
        assert level[number]["ITTFL"] == "Y"  # analysed in the arm that was allocated
        assert level[number]["TRT01P"] == level[number]["ARM"] != level[number]["TRT01A"]
        assert strategy in level[number]["TRT01A"]
    gone = {row["SUBJID"]: row["WITHDRAWN_ON"] for row in forms["WITHDRAWALS"] if row["ALL_CONTACT"] == "Y"}
    for number in gone.keys() & began.keys() - died.keys():
        row = told[number, "OS"]
        assert (row["CNSR"], row["EVNTDESC"], row["ADT"]) == ("1", "last_alive", level[number]["LSTALVDT"])
        assert row["AVAL"] == apart(number, row["ADT"])
    assert all((died.keys() & began.keys(), salvage.keys() & resected, crossed, gone.keys() & began.keys()))


def test_every_column_of_the_endpoints_has_a_place() -> None:
    placed = {each.column for each in outcomes()} | {"CCR_DT"}
    for each in every_time():
        placed |= {f"{each.column}_{part}" for part in ("DAYS", "EVENT", "REASON", "CAUSE")}
        placed.add(f"{each.scale}_BASE")
    assert set(every_column()) - placed == set()
    for code in adam_datasets():
        names = [each.variable.name for each in adam_variables(code)]
        assert len(names) == len(set(names)), code


def test_events_scores_and_sources_agree_with_what_they_are_from(made: Path) -> None:
    level = {row["USUBJID"]: row for row in table(made, "ADSL")}
    worst: dict[str, int] = {}
    for row in table(made, "ADAE"):
        if row["TRTEMFL"] == "Y":
            worst[row["USUBJID"]] = max(worst.get(row["USUBJID"], 0), int(row["ATOXGRN"]))
    assert worst
    for subject, row in level.items():
        assert row["AEWORST"] == (str(worst.get(subject, 0)) if row["SAFFL"] == "Y" else "")
    with (made / "endpoints" / "quality_of_life.csv").open(encoding="utf-8-sig", newline="") as lines:
        scores = sorted(
            (row["SUBJID"], row["SCALE"], row["QSDTC"], number(row["SCORE"]), row["DAYS_FROM_NEO_END"])
            for row in csv.DictReader(lines)
        )
    analyzed = table(made, "ADQS")
    assert scores == sorted(
        (row["USUBJID"][-7:], row["PARAMCD"], row["ADT"], row["AVAL"], row["ANEODY"]) for row in analyzed
    )
    deaths = [row for row in table(made, "ADTTE") if (row["PARAMCD"], row["EVNTDESC"]) == ("OS", "death")]
    assert deaths
    assert {(row["SRCDOM"], row["SRCVAR"]) for row in deaths} == {("DS", "DSSTDTC")}
    assert all(row["SRCSEQ"] for row in deaths)
    results = table(made, "ADLB")
    assert sum(bool(row["CHG"]) for row in results) > len(level)
    for row in results:
        if row["CHG"]:
            assert float(row["AVAL"]) - float(row["BASE"]) == pytest.approx(float(row["CHG"]), abs=1e-5)


def test_the_files_are_what_define_and_the_manifest_say(made: Path) -> None:
    folder = made / "adam"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    records = {each["file"]: each["written"] for each in manifest["files"]}
    assert manifest["format"] == "adam"
    assert {path.name for path in folder.iterdir()} == records.keys() | {"manifest.json"}
    assert {"adrg.html", "define.xml", "read_adam.R", "read_adam.py"} <= records.keys()
    for code in adam_datasets():
        frame, said = read_xport(str(folder / f"{code.lower()}.xpt"), output_format="polars")
        names = [each.variable.name for each in adam_variables(code)]
        assert (frame.columns, frame.height) == (names, records[f"{code.lower()}.xpt"])
        assert said.column_labels == [each.variable.label for each in adam_variables(code)]
        days = [each.variable.name for each in adam_variables(code) if each.variable.is_date]
        assert {frame.schema[name] for name in days} <= {pl.Date}
        whole = json.loads((folder / f"{code.lower()}.json").read_text(encoding="utf-8"))
        assert (whole["records"], len(whole["rows"])) == (frame.height, frame.height)
        assert [column["name"] for column in whole["columns"]] == names
    defined(folder / "define.xml")
    guide = (folder / "adrg.html").read_text(encoding="utf-8")
    assert "Days from randomization to death from any cause." in guide


def defined(path: Path) -> None:
    """Define-XML follows CDISC's schema, says every derivation in words, and every reference leads somewhere."""
    odmlib = pytest.importorskip("odmlib", reason="its copy of CDISC's schema is what it is held against")
    etree = pytest.importorskip("lxml.etree")
    schema = Path(odmlib.__file__).parent / "schemas" / "define" / "2.1" / "define2-1-0.xsd"
    etree.XMLSchema(etree.parse(str(schema))).assertValid(etree.parse(str(path)))
    root = ET.parse(path).getroot()  # noqa: S314 -- our own file
    oids = {each.get("OID") for each in root.iter()} | {each.get("ID") for each in root.iter()}
    assert [oid for oid in references(root) if oid not in oids] == []
    items = {each.get("OID") for each in root.iter() if each.tag.endswith("}ItemDef")}
    words = {
        each.get("OID"): "".join(each.itertext()).strip()
        for each in root.iter()
        if each.tag.endswith("}MethodDef")
    }
    assert all(len(said) > 1 for said in words.values())
    assert "Days from randomization to death" in words["MT.ADTTE.AVAL.OS"]
    for code in adam_datasets():
        assert {f"IT.{code}.{each.variable.name}" for each in adam_variables(code)} <= items


def test_the_scripts_read_the_folder(made: Path) -> None:
    rows = table(made, "ADTTE")
    died = sum((row["PARAMCD"], row["CNSR"]) == ("OS", "0") for row in rows)
    line = f"OS: n {sum(row['PARAMCD'] == 'OS' for row in rows)}, events {died}"
    python = subprocess.run(
        [sys.executable, str(made / "adam" / "read_adam.py")], capture_output=True, text=True, check=True
    )
    assert line in python.stdout.splitlines()
    if r := shutil.which("Rscript"):
        told = subprocess.run(
            [r, str(made / "adam" / "read_adam.R")], capture_output=True, text=True, check=False
        )
        assert line in told.stdout.splitlines(), told.stderr

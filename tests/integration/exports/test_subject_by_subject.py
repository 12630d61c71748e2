"""Ten people leave in five ways, and each way says the same of each: CSV, ODM-XML, SDTM, ADaM and casebook."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override
from lxml import etree
from pyreadstat import read_xport

from crf import catalogue
from crf.engine import messages
from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.mapping import Answer, Target
from exports.sdtm.package import SdtmPackage
from exports.sdtm.sources import ExportFiles
from protocol.text import load, versions
from tests.integration.analysis.played_reports import played_reports
from tests.integration.exports.test_odm import items_of, value_of
from tests.unit.exports.test_sdtm_mapping import WANTED

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CHAPTERS = ("3.0", "6.1")
TEXT = load(max(versions()))
DOMAINS = WANTED | {"SUPPAE"}
ARMS = {"1": "CAMCRTWW", "2": "CRTSURG", "": ""}
Row = dict[str, str]
Of = dict[str, Counter[Any]]

# Answers that stand in every way of leaving that has the form's own records.
COMPARED = {
    "AE": ("ae_term", "ae_st", "grade", "serious"),
    "CRE": ("cre_dt", "cre_outcome"),
    "DV": ("dv_cat",),
    "EOS": ("eos_why", "eos_dt"),
    "SURG": ("surg_done", "surg_dt", "intent"),
    "SURV": ("vital", "death_dt"),
}


@dataclass(frozen=True)
class Ways:
    """What each way says, by participant."""

    files: ExportFiles
    tables: dict[str, list[Row]]
    odm: Any
    sdtm: dict[str, list[Row]]
    subjects: dict[str, dict[str, Any]]
    books: dict[str, dict[str, Any]]
    printed: dict[str, str]


@pytest.fixture
def ways(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Ways:
    made = played_reports(settings, tmp_path_factory)
    files = ExportFiles(made / "whole.zip")
    package = SdtmPackage(files, TEXT)
    frame, _said = read_xport(str(made / "adam" / "adsl.xpt"), output_format="polars")
    return Ways(
        files,
        tables(made / "whole.zip"),
        etree.parse(str(made / "whole.xml")).getroot(),
        {name: list(dataset.rows) for name, dataset in package.datasets.items()},
        {row["SUBJID"]: row for row in frame.iter_rows(named=True)},
        json.loads((made / "casebooks.json").read_text(encoding="utf-8")),
        {
            language: (made / f"casebook.{language}.html").read_text(encoding="utf-8")
            for language in ("en", "zh-hans")
        },
    )


def tables(path: Path) -> dict[str, list[Row]]:
    with zipfile.ZipFile(path) as archive:
        return {
            name.removesuffix(".csv"): list(
                csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))
            )
            for name in archive.namelist()
            if name.endswith(".csv")
        }


def counted(pairs: Iterator[tuple[str, Any]]) -> Of:
    told: Of = {}
    for number, value in pairs:
        told.setdefault(number, Counter())[value] += 1
    return told


def subject(row: Row) -> str:
    return row["USUBJID"].removeprefix("PALACE-3-")


def in_tables(ways: Ways, code: str, name: str) -> Of:
    return counted((row["SUBJID"], row[name.upper()]) for row in ways.tables[code] if row[name.upper()])


def in_odm(ways: Ways, code: str, name: str) -> Of:
    (item,) = items_of(code, "", catalogue.form(code).questions[name])
    places = ways.odm.iter("{*}ItemData")
    return counted(
        (next(above.get("SubjectKey") for above in each.iterancestors("{*}SubjectData")), value_of(each))
        for each in places
        if each.get("ItemOID") == item.oid and value_of(each)
    )


def in_casebooks(ways: Ways, code: str, name: str) -> Of:
    question = str(catalogue.form(code).questions[name].text)
    return counted(
        (number, answer)
        for number, book in ways.books.items()
        for form, answers in book["records"]
        if form == code
        for text, answer in answers
        if text == question
    )


def printed(ways: Ways, code: str, name: str, told: Of) -> Of:
    """What the casebook must print for the values of the tables."""
    question = catalogue.form(code).questions[name]

    def words(number: str, value: str) -> str:
        return messages.display(question, value, zone=ways.books[number]["zone"])

    return {
        number: Counter({words(number, value): times for value, times in values.items()})
        for number, values in told.items()
    }


def screened_and_randomized(ways: Ways) -> list[Row]:
    rows = [row for row in ways.tables["SCREENING"] if row["RANDOMIZED_AT"]]
    assert rows
    return rows


def test_ten_people_are_the_same_in_every_way_out(ways: Ways) -> None:
    people = {row["SUBJID"]: row for row in ways.tables["PARTICIPANTS"]}
    assert people.keys() == ways.books.keys()
    assert len(people) >= 10

    # those about whom it is hardest are among them
    assert "crossover" in {row["DV_CAT"] for row in ways.tables["DV"]}
    assert "salvage" in {row["INTENT"] for row in ways.tables["SURG"]}
    assert "dead" in {row["VITAL"] for row in ways.tables["SURV"]}
    assert "Y" in {row["ALL_CONTACT"] for row in ways.tables["WITHDRAWALS"]}
    assert all(row["DECIDED_AT"] < row["RANDOMIZED_AT"] for row in screened_and_randomized(ways))

    for code, names in COMPARED.items():
        for name in names:
            told = in_tables(ways, code, name)
            assert told, (code, name)
            assert in_odm(ways, code, name) == told, (code, name)
            with override("en"):
                assert in_casebooks(ways, code, name) == printed(ways, code, name, told), (code, name)


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "Certificate of allocation"), ("zh-hans", "随机分组确认书")]
)
def test_a_casebook_prints_the_certificate_of_the_allocation(ways: Ways, language: str, heading: str) -> None:
    page = ways.printed[language]
    certificate = page.partition(f"<h2>{heading}</h2>")[2].partition("</table>")[0]
    number = re.search(r"<h1>\S+ (\d\d-\d{4})</h1>", page)
    assert number
    (allocation,) = (row for row in ways.tables["ALLOCATIONS"] if row["SUBJID"] == number[1])
    told = [re.sub(r"<[^>]+>", "", each).strip() for each in re.findall(r"<td>.*?</td>", certificate)]
    assert told[0] == allocation["NUMBER"]
    codes = re.findall(r"<code>([0-9a-f]+)</code>", certificate)
    assert len(codes) > 2  # root, salt and the way from one to the other, by which anybody proves the place
    assert {len(code) for code in codes} <= {32, 64}


def test_every_domain_has_records(ways: Ways) -> None:
    """Nobody of these failed a criterion; the demonstration with its 32 participants fills IE as well."""
    assert {name for name in DOMAINS if not ways.sdtm.get(name)} == {"IE"}


def test_every_record_stands_in_odm_and_in_the_casebook(ways: Ways) -> None:
    rows = {
        (row["SUBJID"], code): 0 for code in catalogue.forms() for row in ways.tables[code] if row["SUBJID"]
    }
    for code in catalogue.forms():
        for row in ways.tables[code]:
            rows[row["SUBJID"], code] += 1
    books = Counter(
        (number, form) for number, book in ways.books.items() for form, _answers in book["records"]
    )
    assert dict(books) == rows
    odm = Counter(
        (next(each.get("SubjectKey") for each in form.iterancestors("{*}SubjectData")), form.get("FormOID"))
        for form in ways.odm.iter("{*}FormData")
    )
    assert {(number, form.rpartition(".")[2]): times for (number, form), times in odm.items()} == rows


def numbers_through_the_map(ways: Ways) -> Of:
    """The numbers that people answered, by the domain that the map of each file names; findings alone."""

    def taken(file: str, row: Row, target: Target) -> str:
        result = target.values.get(f"{target.domain}ORRES")
        if not isinstance(result, Answer) or result.codes or target.each or not row.get(result.column):
            return ""
        holds = all(each.column in row and each.holds(row[each.column]) for each in target.only)
        return ways.files.question(file, result.column).in_words(row[result.column]) if holds else ""

    return counted(
        (row["SUBJID"], (target.domain, value))
        for file, mapping in mappings().items()
        for row in ways.tables[file]
        for target in mapping.targets
        if re.fullmatch(r"-?\d+(\.\d+)?", value := taken(file, row, target))
    )


def test_every_number_of_a_finding_is_the_answer_of_a_form(ways: Ways) -> None:
    told = numbers_through_the_map(ways)
    assert {domain for of in told.values() for domain, _value in of} >= {"LB", "MI", "QS", "TR", "VS"}
    submitted = counted(
        (subject(row), (name, row[f"{name}ORRES"]))
        for name, rows in ways.sdtm.items()
        for row in rows
        if re.fullmatch(r"-?\d+(\.\d+)?", row.get(f"{name}ORRES", ""))
    )
    assert submitted == {number: values for number, values in told.items() if number in submitted}
    assert submitted.keys() == told.keys() & {subject(row) for row in ways.sdtm["DM"]}


def test_arm_death_operations_and_withdrawal_agree_with_sdtm_and_adam(ways: Ways) -> None:
    people = {row["SUBJID"]: row for row in ways.tables["PARTICIPANTS"]}
    demographics = {subject(row): row for row in ways.sdtm["DM"]}
    assert ways.subjects.keys() == demographics.keys() <= people.keys()
    labels = {arm.code: arm.label.en for arm in TEXT.arms} | {"": ""}
    deaths = {row["SUBJID"]: row["DEATH_DT"] for row in ways.tables["SURV"] if row["VITAL"] == "dead"}
    operated = counted(
        (row["SUBJID"], row["SURG_DT"])
        for row in ways.tables["SURG"]
        if row["SURG_DONE"] in ("resection", "reresection")
    )
    for number, row in demographics.items():
        level, arm = ways.subjects[number], people[number]["ARM"]
        assert (row.get("ARMCD", ""), level["ARMCD"]) == (ARMS[arm], ARMS[arm])
        assert ways.books[number]["arm"] == labels[arm]
        assert row.get("DTHDTC", "") == deaths.get(number, "")
        assert (level["DTHDT"].isoformat() if level["DTHDT"] else "") == deaths.get(number, "")
        assert (level["RESFL"] == "Y") == (number in operated)
    received = {
        row["SUBJID"]: (row["DV_CROSS_FROM"], row["DV_CROSS_TO"])
        for row in ways.tables["DV"]
        if row["DV_CAT"] == "crossover"
    }
    unplanned = {number for number, row in demographics.items() if row.get("ARMNRS") == "UNPLANNED TREATMENT"}
    assert unplanned == received.keys()
    for number, row in demographics.items():
        treated = ways.subjects[number]["TRT01A"]
        if number in received:
            assert row.keys().isdisjoint(("ACTARM", "ACTARMCD"))
            assert all(strategy in row["ACTARMUD"] for strategy in received[number])
            assert treated == row["ACTARMUD"]
        else:
            assert "ACTARMUD" not in row
            assert row.get("ACTARMCD", "") == (row.get("ARMCD", "") if row.get("RFXSTDTC") else "")
            assert treated == row.get("ACTARM", "")
    procedures = counted(
        (subject(row), row.get("PRSTDTC", ""))
        for row in ways.sdtm["PR"]
        if (row["PRTRT"], row.get("PROCCUR")) == ("ESOPHAGECTOMY", "Y")
    )
    assert procedures == operated
    terms = counted((subject(row), row["AETERM"]) for row in ways.sdtm["AE"])
    assert terms == {
        number: values
        for number, values in in_tables(ways, "AE", "ae_term").items()
        if number in demographics
    }
    withdrawn = {row["SUBJID"] for row in ways.tables["WITHDRAWALS"] if not row["CANCELLED_AT"]}
    assert {
        subject(row) for row in ways.sdtm["DS"] if row["DSDECOD"].startswith("WITHDRAWAL OF CONSENT")
    } == withdrawn & demographics.keys()

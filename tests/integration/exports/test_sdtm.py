"""The SDTM package of a played trial: its rules, and its counts and values against the files of the same export."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft201909Validator
from pyreadstat import read_xport

from exports.sdtm.files.writing import PackageFormat, write_package
from exports.sdtm.package import DESIGN, Dataset, SdtmPackage, TermMissing
from exports.sdtm.sources import ExportFiles
from exports.sdtm.standard.tables import variables
from protocol.text import load, versions
from tests.integration.analysis.played_reports import played_reports
from tests.integration.exports.dataset_json import DATASET

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CHAPTERS = ("3.0", "6.1")
DAY = r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2})?)?)?)?"
BYTES = 200
Row = dict[str, str]


@pytest.fixture
def source(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of an export of the whole trial."""
    return played_reports(settings, tmp_path_factory) / "whole.zip"


@pytest.fixture
def package(source: Path) -> SdtmPackage:
    return SdtmPackage(ExportFiles(source), load(max(versions())))


def files_of(source: Path) -> dict[str, list[Row]]:
    """Read the CSV files again, without the reader of the product."""
    with zipfile.ZipFile(source) as archive:
        return {
            name.removesuffix(".csv"): list(
                csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))
            )
            for name in archive.namelist()
            if name.endswith(".csv")
        }


def per_subject(rows: list[Row], counts: Callable[[Row], int]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row["SUBJID"]] += counts(row)
    return +counted


def submitted(dataset: Dataset, holds: Callable[[Row], bool]) -> Counter[str]:
    return Counter(row["USUBJID"].removeprefix("PALACE-3-") for row in dataset.rows if holds(row))


def answered(*columns: str) -> Callable[[Row], int]:
    return lambda row: sum(bool(row[column]) for column in columns)


def one_of(column: str, *codes: str) -> Callable[[Row], int]:
    return lambda row: row[column] in codes


def given(variable: str, value: str) -> Callable[[Row], bool]:
    return lambda row: row.get(variable) == value


def of_specimen(row: Row, detail: str, place: str) -> bool:
    """A result with this detail, of the specimen of an operation or of a biopsy before it."""
    return (row.get("MITSTDTL"), row.get("MIGRPID", "")[:2], "MIORRES" in row) == (detail, place, True)


PANELS = ("HEMATOLOGY", "CHEMISTRY", "COAGULATION", "URINALYSIS")
COMPARED: tuple[tuple[str, Callable[[Row], int], str, Callable[[Row], bool]], ...] = (
    ("AE", answered("AE_TERM"), "AE", lambda row: True),
    (
        "LB_TESTS",
        lambda row: bool(row["LB_RES"] or row["LB_RES_MISS"] not in ("", "NAP")),
        "LB",
        lambda row: row.get("LBCAT") in PANELS and "LBSPEC" in row,
    ),
    (
        "QOL",
        answered(*(f"Q{number}" for number in range(1, 49))),
        "QS",
        lambda row: row["QSTESTCD"].startswith(("EOR", "OES")) and "QSORRES" in row,
    ),
    ("TREAT_CAMRE", one_of("CI_GIVEN", "full", "interrupted"), "EX", given("EXTRT", "CAMRELIZUMAB")),
    ("TREAT_CHEMO", one_of("CARBO_GIVEN", "full", "reduced"), "EX", given("EXTRT", "CARBOPLATIN")),
    ("TREAT_CHEMO", answered("CARBO_GIVEN"), "EC", given("ECTRT", "CARBOPLATIN")),
    ("STAGE_EUS_NODE", lambda row: 1, "TU", lambda row: row.get("TULNKID", "").startswith("EUS-N")),
    ("DV", answered("DV_TERM"), "DV", lambda row: True),
    *(
        (file, answered(column), "MI", lambda row, of=detail, at=place: of_specimen(row, of, at))
        for file, column, detail, place in (
            ("STAGE", "CPS", "COMBINED POSITIVE SCORE", ""),
            ("PATH", "CPS", "COMBINED POSITIVE SCORE", "OP"),
            ("PATH", "TPS", "TUMOR PROPORTION SCORE", "OP"),
            ("PATH", "TRG_CAP", "CAP TUMOR REGRESSION GRADE", "OP"),
            ("PATH", "TRG_MANDARD", "MANDARD TUMOR REGRESSION GRADE", "OP"),
        )
    ),
    (
        "SURG",
        one_of("SURG_DONE", "resection", "reresection"),
        "PR",
        lambda row: row["PRTRT"] == "ESOPHAGECTOMY" and row["PROCCUR"] == "Y",
    ),
    ("MILESTONES", one_of("MILESTONE", "RAND"), "DS", given("DSDECOD", "RANDOMIZED")),
    (
        "SURV",
        one_of("VITAL", "dead"),
        "DS",
        lambda row: (row["DSDECOD"], row["DSCAT"]) == ("DEATH", "OTHER EVENT"),
    ),
    (
        "WITHDRAWALS",
        lambda row: not row["CANCELLED_AT"],
        "DS",
        lambda row: row["DSDECOD"].startswith("WITHDRAWAL OF CONSENT"),
    ),
)
"""What is counted in a file of the export, and in which data set the same must stand, subject by subject."""


def test_counts_and_values_agree_subject_by_subject(source: Path, package: SdtmPackage) -> None:
    files, sets = files_of(source), package.datasets
    subjects = {row["SUBJID"] for row in files["CONSENTS"] if row["ANSWER"] == "signed"}

    # the people that the comparison is about are there
    assert any(row["VITAL"] == "dead" for row in files["SURV"])
    assert any(row["ALL_CONTACT"] == "Y" for row in files["WITHDRAWALS"])

    assert {row["SUBJID"] for row in sets["DM"].rows} == subjects
    ages = {row["SUBJID"]: row["AGE"] for row in files["ELIG"] if row["SUBJID"] in subjects}
    assert {row["SUBJID"]: row.get("AGE", "") for row in sets["DM"].rows if row["SUBJID"] in ages} == ages
    arms = {row["SUBJID"]: row["ARM"] for row in files["PARTICIPANTS"]}
    assert {row["SUBJID"]: row.get("ARMCD", "") for row in sets["DM"].rows} == {
        subject: {"1": "CAMCRTWW", "2": "CRTSURG", "": ""}[arms[subject]] for subject in subjects
    }

    numbers = {row["SUBJID"]: (row["NUMBER"], "ASSIGNED") for row in files["ALLOCATIONS"]}
    assert numbers
    assert {
        row["USUBJID"].removeprefix("PALACE-3-"): (row["QVAL"], row["QORIG"])
        for row in sets["SUPPDM"].rows
        if row["QNAM"] == "RANDNO"
    } == numbers

    for file, counts, domain, holds in COMPARED:
        counted = per_subject(files[file], counts)
        inside = {subject: number for subject, number in counted.items() if subject in subjects}
        assert dict(submitted(sets[domain], holds)) == inside, (file, domain)
    pressures = per_subject(files["VS"], answered("SBP")) + per_subject(files["STAGE"], answered("SBP"))
    assert submitted(sets["VS"], lambda row: row["VSTESTCD"] == "SYSBP" and "VSORRES" in row) == pressures
    nobody_looked = sum(
        (per_subject(files[name], one_of("PDL1_DONE", "N")) for name in ("STAGE", "PATH")), Counter()
    )
    assert submitted(sets["MI"], lambda row: row["MITESTCD"] == "PDL1" and "MITSTDTL" not in row) == +Counter(
        {subject: number for subject, number in nobody_looked.items() if subject in subjects}
    )
    done = {(row["SUBJID"], row["VISIT"]) for row in files["VISITS"] if row["STATE"] == "done"}
    seen = {
        (row["USUBJID"].removeprefix("PALACE-3-"), row["VISIT"])
        for row in sets["SV"].rows
        if "SVSTDTC" in row
    }
    assert done - seen == set()

    said = {
        (row["SUBJID"], row["FORMSEQ"]): (row["AE_TERM"], row["AE_ST"], row["GRADE"]) for row in files["AE"]
    }
    for row in sets["AE"].rows:
        key = row["USUBJID"].removeprefix("PALACE-3-"), row["AESPID"]
        assert (row["AETERM"], row.get("AESTDTC", ""), row.get("AETOXGR", "")) == said[key]


def test_the_data_sets_keep_the_rules_of_the_guide(package: SdtmPackage) -> None:
    sets = package.datasets
    people = {row["USUBJID"]: row for row in sets["DM"].rows}
    visited = {(row["USUBJID"], row["VISITNUM"]) for row in sets["SV"].rows}
    epochs = {row["EPOCH"] for row in sets["TA"].rows}
    for dataset in sets.values():
        shaped(dataset)
        for row in dataset.rows:
            required(dataset, row)
            timed(dataset, row, people)
            assert "USUBJID" not in row or row["USUBJID"] in people
            assert row.get("EPOCH", "SCREENING") in epochs
            if "VISITNUM" in row and dataset.name not in (*DESIGN, "SV"):
                assert (row["USUBJID"], row["VISITNUM"]) in visited, dataset.name
    parents(sets)


def shaped(dataset: Dataset) -> None:
    """Variables stand in the order of the guide, keys tell records apart, numbers count within a subject."""
    table = variables()["SUPPQUAL" if dataset.is_supplement else dataset.domain]
    names = [each.name for each in dataset.variables]
    assert [name for name in names if not re.fullmatch(r"COVAL\d+", name)] == [
        each for each in table if each in names
    ]
    assert {each.name for each in table.values() if each.core == "Req"} <= set(names)
    keys = Counter(tuple(row.get(key, "") for key in dataset.keys) for row in dataset.rows)
    assert [key for key, times in keys.items() if times > 1] == [], dataset.name
    numbered = f"{dataset.name}SEQ"
    if numbered in names and dataset.name not in (*DESIGN, "CO"):
        numbers: dict[str, list[int]] = {}
        for row in dataset.rows:
            numbers.setdefault(row["USUBJID"], []).append(int(row[numbered]))
        assert all(each == list(range(1, len(each) + 1)) for each in numbers.values()), dataset.name


def timed(dataset: Dataset, row: Row, people: dict[str, Row]) -> None:
    """Days are ISO 8601, known in part or whole; study days count from the first treatment, without a day 0."""
    assert set(row) <= {each.name for each in dataset.variables}, dataset.name
    for name, value in row.items():
        assert len(value.encode()) <= BYTES, (dataset.name, name)
        if name.endswith("DTC"):
            assert re.fullmatch(DAY, value), (dataset.name, name, value)
        if re.fullmatch(r"..(ST|EN)?DY", name) and dataset.name not in DESIGN:
            assert value == study_day(row[name[:-2] + "DTC"], people[row["USUBJID"]]["RFSTDTC"])


def required(dataset: Dataset, row: Row) -> None:
    """A required variable has a value, but for what a person never screened to the end lacks."""
    for variable in dataset.variables:
        if variable.core == "Req" and not row.get(variable.name):
            assert (dataset.name, variable.name) in {("SUPPDM", "IDVAR"), ("TS", "TSVAL"), ("DM", "SEX")}, (
                variable
            )


def parents(sets: Any) -> None:
    """A qualifier and a relation name a record that is there; a qualifier stands once on it."""
    numbers = {
        (name, row["USUBJID"], row[f"{name}SEQ"])
        for name, dataset in sets.items()
        for row in dataset.rows
        if row.get(f"{name}SEQ") and row.get("USUBJID")
    }
    for dataset in sets.values():
        if dataset.is_supplement:
            told = Counter((row["USUBJID"], row["IDVARVAL"], row["QNAM"]) for row in dataset.rows)
            assert max(told.values()) == 1, dataset.name
            for row in dataset.rows:
                assert not row["IDVAR"] or (row["RDOMAIN"], row["USUBJID"], row["IDVARVAL"]) in numbers
    for row in sets["RELREC"].rows:
        assert "IDVARVAL" not in row or (row["RDOMAIN"], row["USUBJID"], row["IDVARVAL"]) in numbers


def study_day(when: str, reference: str) -> str:
    apart = date.fromisoformat(when[:10]) - date.fromisoformat(reference)
    return str(apart.days + (apart.days >= 0))


def test_a_value_outside_a_closed_list_stops_the_package(package: SdtmPackage) -> None:
    row = next(row for row in package.files.rows("AE") if row["AE_TERM"])
    row["SERIOUS"] = "perhaps"  # type: ignore[index]  # as a file that somebody changed would say it
    with pytest.raises(TermMissing, match=r"perhaps.*AESER"):
        _built = package.datasets


def test_a_text_in_place_of_a_number_stands_beside_the_record(package: SdtmPackage) -> None:
    row = next(row for row in package.files.rows("AE") if row["AE_TERM"])
    row["AE_PT_CD"] = "外院报告"  # type: ignore[index]  # the form takes any text
    assert "外院报告" not in {each.get("AEPTCD") for each in package.datasets["AE"].rows}
    beside = [each for each in package.datasets["SUPPAE"].rows if each["QNAM"] == "AEPTCDX"]
    assert [(each["QVAL"], each["QLABEL"]) for each in beside if each["QVAL"] == "外院报告"] == [
        ("外院报告", "Preferred Term Code (Text)")
    ]


def test_the_files_read_back_whole(source: Path, package: SdtmPackage, tmp_path: Path) -> None:
    manifest = write_package(source, tmp_path / "xpt", PackageFormat.TRANSPORT)
    write_package(source, tmp_path / "json", PackageFormat.DATASET_JSON)
    assert {each["file"] for each in manifest["files"]} >= {"dm.xpt", "define.xml", "csdrg.html", "csdrg.pdf"}
    schema = Draft201909Validator(DATASET)
    for dataset in package.datasets.values():
        frame, said = read_xport(
            str(tmp_path / "xpt" / f"{dataset.name.lower()}.xpt"), output_format="polars"
        )
        names = [each.name for each in dataset.variables]
        assert frame.columns == names
        assert said.column_labels == [each.label for each in dataset.variables]
        texts = [each.name for each in dataset.variables if not each.is_number]
        assert frame.select(texts).fill_null("").rows() == [
            tuple(row.get(name, "") for name in texts) for row in dataset.rows
        ]
        whole = json.loads((tmp_path / "json" / f"{dataset.name.lower()}.json").read_text(encoding="utf-8"))
        schema.validate(whole)
        assert not schema.is_valid({name: whole[name] for name in whole if name != "records"})
        assert whole["records"] == len(whole["rows"]) == len(dataset.rows)
        assert {len(row) for row in whole["rows"]} <= {len(whole["columns"])}
        assert (whole["datasetJSONVersion"], whole["records"]) == ("1.1.0", len(dataset.rows))
        assert [column["name"] for column in whole["columns"]] == names
        assert len(whole["rows"]) == len(dataset.rows)
        for column, label in zip(whole["columns"], (each.label for each in dataset.variables), strict=True):
            assert column["label"] == label
    defined(tmp_path / "xpt" / "define.xml", package)
    guide = (tmp_path / "xpt" / "csdrg.html").read_text(encoding="utf-8")
    assert "AEDECOD is the term of CTCAE" in re.sub(r"\s+", " ", guide)


def defined(path: Path, package: SdtmPackage) -> None:
    """Define-XML follows CDISC's schema, names every variable, and every reference in it leads somewhere."""
    odmlib = pytest.importorskip(
        "odmlib", reason="its copy of CDISC's schema is what the document is held against"
    )
    etree = pytest.importorskip("lxml.etree")
    schema = Path(odmlib.__file__).parent / "schemas" / "define" / "2.1" / "define2-1-0.xsd"
    etree.XMLSchema(etree.parse(str(schema))).assertValid(etree.parse(str(path)))
    root = ET.parse(path).getroot()  # noqa: S314 -- our own file
    oids = {each.get("OID") for each in root.iter() if each.get("OID")} | {
        each.get("ID") for each in root.iter()
    }
    named = list(references(root))
    assert len(named) > len(package.datasets)
    assert [oid for oid in named if oid not in oids] == []
    items = {each.get("OID"): each for each in root.iter() if each.tag.endswith("}ItemDef")}
    for dataset in package.datasets.values():
        assert {f"IT.{dataset.name}.{each.name}" for each in dataset.variables} <= items.keys()
    comments = {
        each.get("OID"): "".join(each.itertext()) for each in root.iter() if each.tag.endswith("}CommentDef")
    }

    def told(oid: str) -> str:
        """What Define-XML says beside a variable."""
        return comments[
            next(value for name, value in items[oid].attrib.items() if name.endswith("}CommentOID"))
        ]

    assert "AEDECOD is the term of CTCAE" in told("IT.AE.AEDECOD")
    assert "the clock of the site" in told("IT.TR.TRDTC")  # a finding about a tumour, no part of the design


def references(root: ET.Element) -> Iterator[str]:
    for each in root.iter():
        for name, value in each.attrib.items():
            bare = name.rpartition("}")[2]
            if bare in (
                "ItemOID",
                "CodeListOID",
                "MethodOID",
                "CommentOID",
                "ValueListOID",
                "WhereClauseOID",
                "leafID",
                "ArchiveLocationID",
                "StandardOID",
            ):
                yield value


def test_the_command_writes_a_package(source: Path) -> None:
    taken = source.parent / "define"
    assert {path.name for path in taken.iterdir()} == {
        "define.xml",
        "csdrg.html",
        "csdrg.pdf",
        "manifest.json",
    }
    said = json.loads((taken / "manifest.json").read_text(encoding="utf-8"))
    assert (said["format"], said["sites"]) == ("define", ["01", "02"])
    assert {stat.S_IMODE(path.stat().st_mode) for path in taken.iterdir()} == {0o600}

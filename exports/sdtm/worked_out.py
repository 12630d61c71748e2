"""Columns that the mappings read and no file holds: each is worked out from answers that stand elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from exports.sdtm.sources import ExportFiles, Row

AT_SCREENING: Final = ("ELIG", "DM", "STAGE")
"""Forms that are answered once, at the screening visit."""
SCREENING: Final = "SCR"
WITH_REPORT: Final = "SAE_OF_"
SCOPES: Final = {
    "STUDY_DRUG": "STUDY DRUG",
    "PROCEDURES": "PROCEDURES",
    "QUALITY_OF_LIFE": "QUALITY OF LIFE",
    "ALL_CONTACT": "ALL CONTACT",
}
Work = Callable[[ExportFiles, str, Row], str]


@dataclass(frozen=True)
class WorkedOut:
    """How a column is worked out from a row of a file, the answers that it reads, and how in words (Define-XML)."""

    work: Work
    reads: tuple[str, ...]
    words: str


def _visit_on(files: ExportFiles, file: str, row: Row) -> str:
    visit = row.get("VISIT") or (SCREENING if files.form_of(file) in AT_SCREENING else "")
    known = files.visits.get((row["SUBJID"], visit, row.get("VISITSEQ") or "1"))
    return (known or {}).get("TOOK_PLACE_ON", "") or files.milestones.get(row["SUBJID"], {}).get("ICF", "")


def _first(*columns: str) -> Work:
    return lambda _files, _file, row: next((row[name] for name in columns if row.get(name)), "")


def _mdt_on(files: ExportFiles, _file: str, row: Row) -> str:
    decided = [
        each["MDT_DT"] for each in files.by_participant("ELIG").get(row["SUBJID"], []) if each["MDT_DT"]
    ]
    return decided[-1] if decided else row.get("OGD_DT", "")


def _ongoing_at(files: ExportFiles, _file: str, row: Row) -> str:
    ongoing = (row.get(column) for column in ("AE_ONGO", "MH_ONGO", "CM_ONGO"))
    return files.day if "Y" in ongoing else ""


def _coding(part: str) -> Work:
    columns = {"AE": "AE_TERM", "CM": "CM_TRT"}

    def work(files: ExportFiles, file: str, row: Row) -> str:
        for each in files.by_participant("CODING").get(row["SUBJID"], []):
            form = files.form_of(file)
            if (each["FORM"], each["FORMSEQ"], each["VARIABLE"]) == (form, row["FORMSEQ"], columns.get(form)):
                return each[part]
        return ""

    return work


def _either(first: str, second: Work, third: str = "") -> Work:
    return lambda files, file, row: row.get(first) or second(files, file, row) or row.get(third, "")


def _sampled_at(_files: ExportFiles, _file: str, row: Row) -> str:
    time = row.get("LB_TM", "")
    return (
        f"{row['LB_DT']}T{time}" if row.get("LB_DT") and len(time) == len("09:30") else row.get("LB_DT", "")
    )


def _troponin(_files: ExportFiles, _file: str, row: Row) -> str:
    return row.get("TROP_ASSAY", "") if row.get("LB_TEST", "").startswith("TROP") else ""


def _scopes(_files: ExportFiles, _file: str, row: Row) -> str:
    return "; ".join(word for column, word in SCOPES.items() if row.get(column) == "Y")


def _lasting(column: str, before: str, after: str) -> Work:
    return lambda _files, _file, row: f"{before}{row[column]}{after}" if row.get(column) else ""


def _words_of(*columns: str) -> Work:
    def work(files: ExportFiles, file: str, row: Row) -> str:
        return next((files.question(file, name).in_words(row[name]) for name in columns if row.get(name)), "")

    return work


def _state_since(files: ExportFiles, _file: str, row: Row) -> str:
    return files.participants[row["SUBJID"]]["STATE_SINCE"]


def _use_at(files: ExportFiles, file: str, row: Row) -> str:
    return _visit_on(files, file, row)


def _constant(word: str, column: str) -> Work:
    return lambda _files, _file, row: word if row.get(column) else ""


def _not_cancelled(_files: ExportFiles, _file: str, row: Row) -> str:
    return "" if row.get("CANCELLED_AT") else "Y"


WORKED_OUT: Final[Mapping[str, WorkedOut]] = {
    "VISIT_ON": WorkedOut(_visit_on, (), "Day on which the visit took place; else the day of the consent."),
    "USE_AT": WorkedOut(_use_at, (), "Day on which the visit took place."),
    "MDT_ON": WorkedOut(
        _mdt_on, ("MDT_DT",), "Day of the meeting of the multidisciplinary team, else of the endoscopy."
    ),
    "ONGOING_AT": WorkedOut(_ongoing_at, (), "Day whose state the data show, while the record is ongoing."),
    "DECIDED_ON": WorkedOut(
        _first("ELIG_SIG", "ICF_DT"),
        ("ELIG_SIG", "ICF_DT"),
        "Day of the eligibility decision, else of the consent.",
    ),
    "STATE_SINCE": WorkedOut(_state_since, (), "Day since which the participant stands where they stand."),
    "CODED_AS": WorkedOut(_coding("PREFERRED"), (), "Preferred name of the coding in WHODrug."),
    "DECODED": WorkedOut(
        _either("AE_PT", _coding("PREFERRED"), "CTCAE_TERM"),
        ("AE_PT", "CTCAE_TERM"),
        "Preferred term of MedDRA where it is coded, else the term of CTCAE 5.0.",
    ),
    "BODY_SYSTEM": WorkedOut(
        _either("AE_SOC", _coding("CLASS")),
        ("AE_SOC",),
        "System organ class of MedDRA where it is coded, else the class of CTCAE 5.0.",
    ),
    "LB_AT": WorkedOut(_sampled_at, ("LB_DT", "LB_TM"), "Day and, where it is known, time of the samples."),
    "TROP_ASSAY_OF": WorkedOut(_troponin, ("TROP_ASSAY",), "Assay, beside the troponins."),
    "PREGNANT": WorkedOut(_constant("Y", "PREG_AWARE"), ("PREG_AWARE",), "Y: a pregnancy was reported."),
    "PROGRESSED": WorkedOut(_constant("PD", "PROG_DT"), ("PROG_DT",), "PD: a progression was reported."),
    "NOT_CANCELLED": WorkedOut(_not_cancelled, ("CANCELLED_AT",), "Y unless it was cancelled."),
    "WITHDRAWN_FROM": WorkedOut(_scopes, tuple(SCOPES), "What the withdrawal is about."),
    "VENT_FOR": WorkedOut(_lasting("VENT_H", "PT", "H"), ("VENT_H",), "Duration in ISO 8601."),
    "ICU_FOR": WorkedOut(_lasting("ICU_D", "P", "D"), ("ICU_D",), "Duration in ISO 8601."),
    "ADJ_NAME": WorkedOut(
        _words_of("ADJ_DRUG", "ADJ_GIVEN"), ("ADJ_DRUG", "ADJ_GIVEN"), "Drug, else the kind of treatment."
    ),
    "ST_NAME": WorkedOut(
        _words_of("ST_REGIMEN", "ST_KIND"), ("ST_REGIMEN", "ST_KIND"), "Regimen, else the kind of treatment."
    ),
    "REC_ON": WorkedOut(
        _first("REC_DT_PROOF", "FU_DT"), ("REC_DT_PROOF", "FU_DT"), "Day of the proof, else of the contact."
    ),
    "COUNTED_ON": WorkedOut(
        _first("COUNT_DT", "CARBO_DT", "NABP_DT"),
        ("COUNT_DT",),
        "Day of the blood count, else of the dose.",
    ),
    "DOSED_ON": WorkedOut(
        _first("CARBO_DT", "NABP_DT", "COUNT_DT"),
        ("CARBO_DT", "NABP_DT", "COUNT_DT"),
        "Day of the dose, else of the blood count.",
    ),
}


def answer_of(files: ExportFiles, file: str, row: Row, column: str) -> str:
    """Return the answer of a column, worked out where no file holds it; empty where there is none."""
    if column.startswith(WITH_REPORT):
        return _of_report(files, row, column.removeprefix(WITH_REPORT))
    if column in WORKED_OUT:
        return WORKED_OUT[column].work(files, file, row)
    return row.get(column) or ""


def _of_report(files: ExportFiles, row: Row, column: str) -> str:
    """Return what the latest report of the serious event says."""
    reports = [
        each for each in files.by_participant("SAE").get(row["SUBJID"], []) if each["AE_NO"] == row["FORMSEQ"]
    ]
    return files.question("SAE", column).in_words(reports[-1].get(column, "")) if reports else ""

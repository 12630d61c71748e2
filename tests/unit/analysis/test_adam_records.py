"""Records of ADaM, worked by hand: days and their flags, deaths known in part, changes, what ended a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from analysis.adam.events import event_rows
from analysis.adam.laboratory import laboratory_rows
from analysis.adam.outcomes import outcome_rows
from analysis.adam.quality import quality_rows
from analysis.adam.source import AdamSource, Subject, days_between, relative_day, whole_day
from analysis.adam.subjects import subject_row
from analysis.adam.times import time_rows
from analysis.facts import participant_facts
from analysis.reading import DerivedParticipant
from analysis.rules import rules_of
from exports.sdtm.package import Dataset, Row
from protocol.endpoint_values import endpoint_values
from tests.unit.analysis.histories import NEO_D1, NEO_END, cre, dead, on, path, stored, surg

CHAPTERS = ("6.1", "6.5")
CUT = 1500


def subject(*, demographics: Row | None = None, is_randomized: bool = True, **forms: Any) -> Subject:
    known = stored(**forms)
    facts = participant_facts(known, cutoff=on(CUT))
    derived = DerivedParticipant("01", facts, endpoint_values(facts, rules_of("1.0")), "1.0")
    return Subject(known.number, demographics or {}, derived if is_randomized else None)


def source(**rows: list[Row]) -> AdamSource:
    person = {"USUBJID": "PALACE-3-01-0001"}
    sets = {name: Dataset(name, name, "", (), [person | row for row in of], ()) for name, of in rows.items()}
    return AdamSource(sets, on(CUT))


@pytest.mark.parametrize(("day", "apart"), [(NEO_D1, "1"), (NEO_D1 - 1, "-1"), (NEO_D1 + 6, "7")])
def test_days_of_analysis_have_no_day_nought(day: int, apart: str) -> None:
    assert relative_day(on(day), on(NEO_D1)) == apart
    assert (relative_day(None, on(1)), relative_day(on(1), None)) == ("", "")
    assert (days_between(on(1), on(3)), days_between(on(1), None)) == ("2", "")
    assert (whole_day("2026-03-01T08:00"), whole_day("2026-03"), whole_day("")) == (
        date(2026, 3, 1),
        None,
        None,
    )


def test_the_start_of_an_event_says_what_of_it_was_imputed() -> None:
    """Treated from 8 January 2025; the last dose on 7 February, and what the text gives after it."""
    starts = ("2025-01-09", "2025-01", "2025", "", "2024-12-31", "2026-01-01")
    told = [
        {"ae_st": start or None, "grade": "3", "rel_rt": "probable", "rel_camre": "na"} for start in starts
    ]
    told[0] |= {"irae": "Y", "disc_tx": "Y"}
    told[4] |= {"cre_rel": "Y"}
    records = [
        {"AESEQ": str(number), "AESPID": str(number), "AESTDTC": start, "AETOXGR": "3", "AETERM": "x"}
        for number, start in enumerate(starts, 1)
    ]
    rows = list(event_rows(source(AE=records), subject(AE=told)))
    names = ("ASTDT", "ASTDTF", "ASTDY", "TRTEMFL")
    assert [tuple(row.get(name, "") for name in names) for row in rows] == [
        ("2025-01-09", "", "2", "Y"),
        ("2025-01-01", "D", "-7", "Y"),
        ("2025-01-01", "M", "-7", "Y"),
        ("", "", "", ""),
        ("2024-12-31", "", "-8", ""),
        ("2026-01-01", "", "359", ""),
    ]
    assert {(row["AERELTO"], row["ATOXGRN"], row["AETERM"]) for row in rows} == {("rt", "3", "x")}
    flags = ("AEIMMFL", "AESTOPFL", "AEEVALFL")
    assert [tuple(row.get(name, "") for name in flags) for row in (rows[0], rows[4], rows[5])] == [
        ("Y", "Y", ""),
        ("", "", "Y"),
        ("", "", ""),
    ]


@pytest.mark.parametrize(
    ("death", "last", "days"),
    [
        (on(700), 650, (on(700), "", on(700))),
        ("2026-03", 400, (date(2026, 3, 15), "D", date(2026, 3, 15))),
        ("2027", 400, (date(2027, 1, 1), "M", on(881))),
        (None, 400, (on(400), "Y", on(881))),
    ],
)
def test_a_death_says_what_of_its_day_was_imputed(
    death: Any, last: int, days: tuple[date, str, date]
) -> None:
    row = subject_row(source(), subject(SURV=[dead(death, 881)], last=last))
    wanted = (days[0].isoformat(), days[1], days[2].isoformat())
    assert tuple(row.get(name, "") for name in ("DTHDT", "DTHDTF", "DTHLATDT")) == wanted


def test_a_subject_has_its_days_arm_and_sets() -> None:
    said = {"ARMCD": "CRTSURG", "ARM": "Surgery", "ACTARMUD": "Received: surveillance.", "AGE": "61"}
    beside = [{"QNAM": name, "QVAL": value} for name, value in (("STRATSTG", "II"), ("STRATSIT", "02"))]
    person = subject(demographics=said, SURG=[surg(72, "planned")], PATH=[path()])
    row = subject_row(source(SUPPDM=beside), person)
    wanted = {
        "TRT01PN": "2",
        "TRT01A": "Received: surveillance.",
        "AGE": "61",
        "STRATSIT": "02",
        "STRATSTG": "II",
        "RANDFL": "Y",
        "RANDDT": on(0).isoformat(),
        "TRTSDT": on(NEO_D1).isoformat(),
        "TRTEDT": on(NEO_END).isoformat(),
        "NEOENDT": on(NEO_END).isoformat(),
        "LSTALVDT": on(1400).isoformat(),
        "DCUTDT": on(CUT).isoformat(),
        "ITTFL": "Y",
        "SAFFL": "Y",
        "RESFL": "Y",
        "CCRFL": "N",
    }
    assert {name: row.get(name) for name in wanted} == wanted
    nobody = subject_row(source(), subject(demographics=said, is_randomized=False))
    flags = ("RANDFL", "ITTFL", "PPROTFL", "SAFFL", "RESFL", "CCRFL")
    assert {nobody[name] for name in flags} == {"N"}
    assert "RANDDT" not in nobody


def test_a_result_after_the_baseline_has_its_change() -> None:
    results = [
        {"LBSTRESC": value, "LBSTRESN": value, "LBDTC": day, "LBLOBXFL": flag, "LBSTRESU": unit}
        for value, day, flag, unit in (
            ("60", "2025-01-02", "", "umol/L"),
            ("71.5", "2025-01-08T08:30", "Y", "umol/L"),
            ("80", "2025-01-08T16:00", "", "umol/L"),
            ("69", "2025-01-22", "", "umol/L"),
            ("1.2", "2025-01-23", "", "mg/dL"),
        )
    ]
    told = [
        {"LBTEST": "Creatinine", "LBTESTCD": "CREAT", "LBSPEC": "SERUM OR PLASMA OR BLOOD", **row}
        for row in results
    ]
    urine = {"LBTEST": "Protein", "LBTESTCD": "PROT", "LBSPEC": "URINE", "LBSTRESC": "NEGATIVE"}
    not_done = {"LBTEST": "Urea", "LBTESTCD": "UREA", "LBSTAT": "NOT DONE"}
    rows = list(laboratory_rows(source(LB=[*told, urine, not_done]), subject()))
    assert [(row["PARAM"], row.get("BASE", ""), row.get("CHG", "")) for row in rows] == [
        ("Creatinine (umol/L)", "71.5", ""),
        ("Creatinine (umol/L)", "71.5", ""),
        ("Creatinine (umol/L)", "71.5", ""),
        ("Creatinine (umol/L)", "71.5", "-2.5"),
        ("Creatinine (mg/dL)", "", ""),
        ("Protein, Urine", "", ""),
    ]
    assert [row.get("ADT", "") for row in rows][1] == "2025-01-08"


def test_scores_count_from_the_baseline_and_from_the_end_of_treatment() -> None:
    scores = [
        {"q_done_dt": on(day), "ql2": Decimal(score)}
        for day, score in ((-3, "50"), (7, "75"), (97, "66.6667"))
    ]
    rows = [row for row in quality_rows(source(), subject(QOL=scores)) if row["PARAMCD"] == "QL2"]
    names = ("ASEQ", "ADT", "ADY", "ANEODY", "AVAL", "BASE", "CHG", "ABLFL")
    assert [tuple(row.get(name, "") for name in names) for row in rows] == [
        ("1", on(-3).isoformat(), "-10", "-40", "50.0000", "75.0000", "", ""),
        ("2", on(7).isoformat(), "1", "-30", "75.0000", "75.0000", "", "Y"),
        ("3", on(97).isoformat(), "91", "60", "66.6667", "75.0000", "-8.3333", ""),
    ]


def test_a_time_says_whether_it_ended_by_its_event_and_which_record_tells_it() -> None:
    operated = {"PRSEQ": "4", "PRTRT": "ESOPHAGECTOMY", "PRSTDTC": on(300).isoformat()}
    died = {"DSSEQ": "9", "DSDECOD": "DEATH", "DSSTDTC": on(700).isoformat()}
    ended = {"DSSEQ": "8", "DSDECOD": "COMPLETED", "DSSTDTC": on(700).isoformat()}
    forms = {
        "CRE": [cre(72, "CRE1", "CCR_SO_FAR"), cre(114, "CRE2", "CCR")],
        "SURG": [surg(300, "salvage")],
        "PATH": [path()],
        "SURV": [dead(on(700), 705)],
        "last": 650,
    }
    rows = {
        row["PARAMCD"]: row for row in time_rows(source(PR=[operated], DS=[ended, died]), subject(**forms))
    }
    names = ("STARTDT", "ADT", "AVAL", "CNSR", "SRCDOM", "SRCVAR", "SRCSEQ")
    assert [tuple(rows[code].get(name, "") for name in names) for code in ("OS", "ESOPHECT")] == [
        (on(0).isoformat(), on(700).isoformat(), "700", "0", "DS", "DSSTDTC", "9"),
        (on(0).isoformat(), on(300).isoformat(), "300", "0", "PR", "PRSTDTC", "4"),
    ]
    assert (rows["PFSS"]["STARTDT"], rows["REGROWTH"]["STARTDT"]) == (on(114).isoformat(),) * 2
    alive = {row["PARAMCD"]: row for row in time_rows(source(), subject())}
    assert (alive["OS"]["CNSR"], alive["OS"]["CNSDTDSC"], alive["OS"]["SRCVAR"]) == (
        *("1", "last_alive"),
        "LSTALVDT",
    )
    never_operated = {
        row["PARAMCD"]: row for row in time_rows(source(), subject(SURV=[dead(on(700), 705)], last=650))
    }
    assert never_operated["ESOPHECT"]["CNSR"] == "2"  # death came first


def test_an_outcome_is_of_the_day_of_its_operation_or_evaluation() -> None:
    explored, resected = surg(80, "planned", "explored"), surg(110, "planned")
    rows = {
        row["PARAMCD"]: row
        for row in outcome_rows(source(), subject(SURG=[explored, resected], PATH=[path(op_no=2)]))
    }
    told = {
        code: (rows[code]["ADT"], rows[code]["AVAL"], rows[code]["AVALC"])
        for code in ("RESECT", "SURGBEG", "PCR")
    }
    assert told == dict.fromkeys(("RESECT", "SURGBEG", "PCR"), (on(110).isoformat(), "1", "Y"))
    only_explored = {row["PARAMCD"]: row for row in outcome_rows(source(), subject(SURG=[explored]))}
    assert (only_explored["SURGBEG"]["ADT"], only_explored["RESECT"]["AVAL"]) == (on(80).isoformat(), "0")

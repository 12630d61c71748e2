"""Operations with their specimens and complications, as stored: three logs that name one operation (decision D1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from analysis.stored import Row, StoredParticipant
from crf.engine.checks import earliest_day
from protocol.facts import ComplicationFacts, OperationFacts, SpecimenFacts

UNDER_ONE_PERCENT = "<1"
REGRESSION = {"CAP": "trg_cap", "Mandard": "trg_mandard", "Becker": "trg_becker", "four steps": "trg_chir"}


def operations_of(stored: StoredParticipant, cutoff: date) -> tuple[OperationFacts, ...]:
    """Return what became of each planned operation by the cut."""
    rows = [row for row in stored.rows("SURG") if row.get("surg_done")]
    return tuple(_operation(row, stored, cutoff) for row in rows if _known_by(row, cutoff))


def _known_by(row: Row, cutoff: date) -> bool:
    day = row.get("surg_dt") or row.get("no_surg_dt")
    return day is None or day <= cutoff


def _operation(row: Row, stored: StoredParticipant, cutoff: date) -> OperationFacts:
    events, readmitted = row.get("io_compl"), row.get("readm")
    return OperationFacts(
        number=row["sequence"],
        done=row["surg_done"],
        on=row.get("surg_dt"),
        given_up_on=row.get("no_surg_dt"),
        why_not=row.get("no_surg_reason"),
        intent=row.get("intent"),
        left_behind=row.get("resid_macro"),
        discharged_on=row.get("disch_dt"),
        intensive_care_days=row.get("icu_d"),
        intraoperative_event=None if not events else list(events) != ["none"],
        readmitted=None if readmitted is None else readmitted == "Y",
        specimen=_specimen(row["sequence"], stored, cutoff),
        complications=_complications(row["sequence"], stored),
    )


def _specimen(number: int, stored: StoredParticipant, cutoff: date) -> SpecimenFacts | None:
    reported = [each for each in stored.rows("PATH") if (each.get("path_dt") or cutoff) <= cutoff]
    row = next((each for each in reported if each.get("op_no") == number), None)
    if row is None:
        return None
    residue = UNDER_ONE_PERCENT if row.get("resid_lt1") == "Y" else row.get("resid_pct")
    return SpecimenFacts(
        ypt=row.get("ypt"),
        ypn=row.get("ypn"),
        residual_percent=None if residue is None else str(residue),
        trg={system: row.get(name) for system, name in REGRESSION.items()},
        examined=row.get("ln_exam"),
        positive=row.get("ln_pos"),
        r_cap=row.get("r_status") or row.get("r_calc"),
        r_one_mm=row.get("r_rcp"),
    )


def _complications(number: int, stored: StoredParticipant) -> ComplicationFacts | None:
    row = next((each for each in stored.rows("COMP") if each.get("op_no") == number), None)
    if row is None or row.get("comp_any") is None:
        return None
    each = [told for told in stored.group("COMP.comps") if told.get("record_id") == row["id"]]
    return ComplicationFacts(
        any=row["comp_any"] == "Y",
        worst=row.get("cd_worst"),
        cci=row.get("cci"),
        codes=frozenset(told["eccg_code"] for told in each if told.get("eccg_code")),
        reoperation=any(told.get("comp_reop") == "Y" for told in each),
        back_to_intensive_care=any(told.get("comp_icu") == "Y" for told in each),
    )


def endoscopic_resections_of(stored: StoredParticipant, cutoff: date) -> Iterator[date]:
    """Yield the days of endoscopic resections for cure, which count as removed (decision E3).

    The form asks for no margins: what an endoscopic resection left behind is found at the next evaluation.
    """
    for row in stored.rows("ST"):
        day = earliest_day(row.get("st_start"))
        removed = row.get("st_kind") == "endoscopic_resection" and row.get("st_intent") == "curative"
        if removed and day and day <= cutoff:
            yield day

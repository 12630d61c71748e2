"""ADSL: one record for each subject, with the days, sets and summaries of the endpoints."""

from __future__ import annotations

from typing import Final

from analysis.adam.declarations import adam_variables, outcomes
from analysis.adam.source import AdamSource, Subject, as_day, kept
from analysis.columns import cells_of
from analysis.reading import DerivedParticipant
from analysis.sets import AnalysisSet, sets_of
from exports.sdtm.package import STUDY, Row
from exports.sdtm.schedule import ARMS
from protocol.endpoints import DeathBound, DeathDay

FLAGS: Final = {
    AnalysisSet.RANDOMIZED: "ITTFL",
    AnalysisSet.PER_PROTOCOL: "PPROTFL",
    AnalysisSet.TREATED: "SAFFL",
    AnalysisSet.RESECTED: "RESFL",
    AnalysisSet.COMPLETE_RESPONSE: "CCRFL",
}
IMPUTED: Final = {DeathDay.DAY_IMPUTED: "D", DeathDay.MONTH_UNKNOWN: "M", DeathDay.YEAR_UNKNOWN: "Y"}
NUMBERS: Final = {code: number for number, code in ARMS.items()}
QUALIFIERS: Final = ("STRATSIT", "STRATSTG")


def subject_row(source: AdamSource, subject: Subject) -> Row:
    """Return the record of one subject; of who was not randomized, what SDTM says and that no set holds them."""
    values = {
        each.variable.name: subject.demographics.get(each.predecessor.removeprefix("DM."), "")
        for each in adam_variables("ADSL")
        if each.predecessor.startswith("DM.")
    }
    values |= {"STUDYID": STUDY, "USUBJID": subject.usubjid, "SUBJID": subject.number}
    values |= {name: source.qualifier("SUPPDM", subject, name) for name in QUALIFIERS}
    values["TRT01A"] = subject.demographics.get("ACTARM") or subject.demographics.get("ACTARMUD", "")
    values["TRT01PN"] = NUMBERS.get(values["ARMCD"], "")
    values |= {"RANDFL": "Y" if subject.derived else "N", "DCUTDT": source.cutoff.isoformat()}
    values |= _derived(subject.derived) if subject.derived else dict.fromkeys(FLAGS.values(), "N")
    return dict(kept(values))


def _derived(derived: DerivedParticipant) -> Row:
    facts, members = derived.facts, sets_of(derived)
    cells = cells_of(derived.values)
    death = facts.death if facts.death and derived.values.os.event else None
    return {
        "RANDDT": as_day(facts.rand),
        "TRTSDT": as_day(facts.neo_d1),
        "TRTEDT": as_day(facts.last_dose),
        "NEOENDT": as_day(facts.neo_end),
        "EOSDT": as_day(facts.ended_on),
        "LSTALVDT": as_day(facts.last_alive),
        "DTHDT": as_day(derived.values.os.on) if death else "",
        "DTHDTF": IMPUTED.get(death.known, "") if death else "",
        "DTHLATDT": as_day(death.counted_on(DeathBound.LATEST)) if death else "",
        **{name: "Y" if members[code].inside else "N" for code, name in FLAGS.items()},
        "PPROTRS": members[AnalysisSet.PER_PROTOCOL].why,
        **{each.name: cells[each.column] for each in outcomes() if each.dataset == "ADSL"},
    }

"""ADAE: the records of AE with the analysis of each event as the endpoint of adverse events makes it."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.adam.declarations import adam_variables
from analysis.adam.source import AdamSource, Subject, as_day, kept, relative_day
from analysis.rules import rules_of
from exports.sdtm.package import Row
from protocol.facts import EventFacts
from protocol.treatment_events import neoadjuvant_events

LENGTHS = {4: "M", 7: "D"}  # of a date that is known by its year, or by its month


def event_rows(source: AdamSource, subject: Subject) -> Iterator[Row]:
    """Yield the events of one subject."""
    taken = [each for each in adam_variables("ADAE") if each.predecessor.startswith("AE.")]
    derived = subject.derived
    known = {each.number: each for each in derived.facts.events} if derived else {}
    counted: set[int | None] = set()
    if derived:
        rules = rules_of(derived.protocol_version)
        counts = neoadjuvant_events(derived.facts, after_last_dose=rules.events_after_last_dose)
        counted = {each.number for each in counts}
    for row in source.rows("AE", subject):
        number = int(row["AESPID"])
        values = {each.variable.name: row.get(each.predecessor.removeprefix("AE."), "") for each in taken}
        values["ATOXGRN"] = row.get("AETOXGR", "")
        if number in known:
            values |= _analyzed(known[number], row, subject)
            values["TRTEMFL"] = "Y" if number in counted else ""
        yield dict(kept(values))


def _analyzed(event: EventFacts, row: Row, subject: Subject) -> Row:
    first_day = subject.derived.facts.neo_d1 if subject.derived else None
    return {
        "ASTDT": as_day(event.began_on),
        "ASTDTF": LENGTHS.get(len(row.get("AESTDTC", "")), "") if event.began_on else "",
        "ASTDY": relative_day(event.began_on, first_day),
        "AERELTO": " ".join(sorted(event.related)),
        "AEIMMFL": "Y" if event.immune else "",
        "AESTOPFL": "Y" if event.stopped_treatment else "",
        "AEEVALFL": "Y" if event.of_evaluation else "",
    }

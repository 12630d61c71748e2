"""Which forms are typed at which visit, and what the story makes known on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from crf import catalogue
from demo.simulation import answers, laboratory_answers, later_answers, safety_answers
from demo.simulation.answers import Case, Sent
from demo.simulation.complications import complications
from followup.models import Visit
from followup.visit_conduct import ContactMode, SourceKeeper

Writer = Callable[[Case, date, str], Sent]
WRITERS: dict[str, Writer] = {
    "TREAT": lambda case, on, _visit: answers.treatment(case, on),
    "CRE": later_answers.evaluation,
    "SURG": lambda case, on, _visit: later_answers.surgery(case, on),
    "FU": lambda case, on, _visit: later_answers.follow_up(case, on),
    "QOL": safety_answers.quality_of_life,
    "AS": safety_answers.surveillance,
    "VS": safety_answers.vital_signs,
    "LB": laboratory_answers.panel,
    "SURV": lambda case, on, _visit: later_answers.survival(case, on),
}


def learn(case: Case, visit: Visit, on: date) -> None:
    """The story moves on: treatment starts on N1, ends with the last fraction, an operation has its day."""
    if visit.code == "N1":
        case.neo_d1 = on
        case.neo_end = on + timedelta(days=30)
    if visit.code.startswith("SURG"):
        case.operated_on = on


def how_made(code: str) -> tuple[str, str]:
    """Return how the visit is made and whose record is the source: whoever lives far away is asked by telephone."""
    if code.startswith(("SWEEP", "OS36")):
        return ContactMode.TELEPHONE, SourceKeeper.PARTICIPANT
    if code.startswith("FU") and code[-2:] in ("09", "16", "30", "48"):
        return ContactMode.LOCAL_HOSPITAL, SourceKeeper.LOCAL_HOSPITAL
    return ContactMode.CENTRE, SourceKeeper.CENTRE


TREATMENT_TYPED_AT = frozenset({"N1", "N4", "NE"})
LATER_KNOWN = frozenset({"icu_d", "disch_dt", "disch_to", "readm"})
AFTER_DISCHARGE = "PO30"  # pathology and the day of discharge are known by then

ASKED_AFTER_SURGERY = (AFTER_DISCHARGE, "PO90")


def forms_to_fill(case: Case, visit: Visit, on: date) -> Iterator[tuple[str, Sent]]:
    """Yield the forms that the visit asks for and that are in the catalogue, with what is typed."""
    for code in visit.forms:
        if code == "TREAT" and visit.code not in TREATMENT_TYPED_AT:
            continue
        if code in WRITERS and code in catalogue.forms() and not visit.code.startswith("SURG"):
            yield code, WRITERS[code](case, on, visit.code)
    if visit.code.startswith("SURG"):
        known = later_answers.surgery(case, on)
        case.surgery = known["answers"]
        yield "SURG", {"answers": {k: v for k, v in known["answers"].items() if k not in LATER_KNOWN}}
    if visit.code == AFTER_DISCHARGE and case.surgery:
        yield "SURG", {"answers": case.surgery}
        yield "PATH", answers.pathology(case, on)
    if visit.code in ASKED_AFTER_SURGERY and case.surgery:
        yield "COMP", complications(case, on, visit.code)

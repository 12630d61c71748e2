"""Which forms are typed at which visit, and what the story makes known on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from crf import catalogue
from followup.models import Visit
from palace3.simulation import answers, later_answers
from palace3.simulation.answers import Case, Sent

Writer = Callable[[Case, date, str], Sent]
WRITERS: dict[str, Writer] = {
    "TREAT": lambda case, on, _visit: answers.treatment(case, on),
    "CRE": later_answers.evaluation,
    "PATH": lambda case, on, _visit: answers.pathology(case, on),
    "SURV": lambda case, on, _visit: later_answers.survival(case, on),
}


def learn(case: Case, visit: Visit, on: date) -> None:
    """The story moves on: treatment starts on N1, ends with the last fraction, an operation has its day."""
    if visit.code == "N1":
        case.neo_d1 = on
        case.neo_end = on + timedelta(days=30)
    if visit.code.startswith("SURG"):
        case.operated_on = on


def forms_to_fill(case: Case, visit: Visit, on: date) -> Iterator[tuple[str, Sent]]:
    """Yield the forms that the visit asks for and that are in the catalogue, with what is typed."""
    for code in visit.forms:
        if code in WRITERS and code in catalogue.forms():
            yield code, WRITERS[code](case, on, visit.code)

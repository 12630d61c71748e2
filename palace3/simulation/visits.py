"""Which forms are typed at which visit, and what the story makes known on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from crf import catalogue
from followup.models import Visit
from palace3.simulation import answers
from palace3.simulation.answers import Case, Sent

WRITERS: dict[str, Callable[[Case, date], Sent]] = {
    "TREAT": answers.treatment,
    "PATH": answers.pathology,
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
            yield code, WRITERS[code](case, on)


__all__: list[Any] = ["forms_to_fill", "learn"]

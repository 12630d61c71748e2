"""What an operation brought: complications, stay, and the textbook outcome (protocol 3.8, 3.10, 6.5).

The textbook outcome is that of the Dutch audit of oesophageal surgery; its limits
are no values of the protocol and come from the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from protocol.endpoints import Resected
from protocol.facts import OperationFacts
from protocol.pathology import Resection

GRADES = ("I", "II", "IIIa", "IIIb", "IVa", "IVb", "V")
LEAK, PNEUMONIA, PALSY, CHYLE = "GI01", "PU01", "NE01", "OT01"


@dataclass(frozen=True, slots=True)
class PerioperativeOutcome:
    """The perioperative endpoints of one operation; ``None`` where the form does not tell yet."""

    any_complication: bool | None
    worst: str | None
    severe: bool | None
    very_severe: bool | None
    cci: Decimal | None
    leak: bool | None
    pneumonia: bool | None
    palsy: bool | None
    chyle: bool | None
    stay_days: int | None
    intensive_care_days: Decimal | None
    readmitted: bool | None
    reoperated: bool | None
    textbook: bool | None


def at_least(grade: str | None, limit: str) -> bool:
    """Whether a Clavien-Dindo grade is ``limit`` or worse."""
    return grade is not None and GRADES.index(grade) >= GRADES.index(limit)


def perioperative_outcome(
    operation: OperationFacts, *, resected: Resected, died: bool | None, nodes_min: int, stay_max: int
) -> PerioperativeOutcome:
    """The outcome of one operation; ``died`` is death within 30 days or in the admission."""
    told = operation.complications
    stay = (operation.discharged_on - operation.on).days if operation.discharged_on and operation.on else None
    codes = told.codes if told else frozenset()
    return PerioperativeOutcome(
        any_complication=told.any if told else None,
        worst=told.worst if told else None,
        severe=at_least(told.worst, "IIIa") if told else None,
        very_severe=at_least(told.worst, "IIIb") if told else None,
        cci=told.cci if told else None,
        leak=LEAK in codes if told else None,
        pneumonia=PNEUMONIA in codes if told else None,
        palsy=PALSY in codes if told else None,
        chyle=CHYLE in codes if told else None,
        stay_days=stay,
        intensive_care_days=operation.intensive_care_days,
        readmitted=operation.readmitted,
        reoperated=told.reoperation if told else None,
        textbook=_textbook(operation, resected, died, None if stay is None else stay <= stay_max, nodes_min),
    )


def _textbook(
    operation: OperationFacts,
    resected: Resected,
    died: bool | None,
    stay_was_short: bool | None,
    nodes_min: int,
) -> bool | None:
    """Whether everything went as in the textbook: one failure decides, what is open leaves it open."""
    told, specimen = operation.complications, operation.specimen
    examined = specimen.examined if specimen else None
    parts = (
        None if resected is Resected.NOT_KNOWN else resected is Resected.R0,
        None if operation.intraoperative_event is None else not operation.intraoperative_event,
        None if examined is None else examined >= nodes_min,
        None if told is None else not at_least(told.worst, "IIIa"),
        None if told is None else not told.reoperation and not told.back_to_intensive_care,
        stay_was_short,
        None if operation.readmitted is None else not operation.readmitted,
        None if died is None else not died,
    )
    if False in parts:
        return False
    return None if None in parts else True


def is_r0(r: str | None) -> bool | None:
    """Whether R by one rule is R0; ``None`` while it is not known."""
    return None if r is None else r == Resection.R0

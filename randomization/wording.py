"""The protocol's words for arms and visits, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language

from followup.models import Visit
from palace3.protocol.shapes import Text
from palace3.protocol.text import ProtocolText, load
from randomization.models import Allocation


def in_language(text: Text) -> str:
    return text.in_language(get_language() or "en")


@dataclass(frozen=True)
class ArmWords:
    """An arm as it is told to the site and to the participant."""

    code: str
    label: str
    name: str
    plain: str
    next: str


def arm_words(allocation: Allocation) -> ArmWords | None:
    """The words for the allocated arm; None while it is not revealed."""
    if allocation.arm is None:
        return None
    arm = load(allocation.participant.protocol_version).arm(allocation.arm)
    said = (in_language(text) for text in (arm.label, arm.name, arm.plain, arm.after_neoadjuvant))
    return ArmWords(arm.code, *said)


@dataclass(frozen=True)
class VisitWords:
    """A visit with its window, as it is printed on the card."""

    name: str
    target: date | None
    opens: date | None
    closes: date | None
    forms: str


def visit_words(visits: Iterable[Visit], *, version: str) -> list[VisitWords]:
    """Visits that have a day, in the order of time, by the names that the protocol gives them."""
    text = load(version)
    planned = sorted(
        (visit for visit in visits if visit.target), key=lambda visit: (visit.target, visit.code)
    )
    return [
        VisitWords(_name(text, visit.code), visit.target, visit.opens, visit.closes, " ".join(visit.forms))
        for visit in planned
    ]


def _name(text: ProtocolText, code: str) -> str:
    for known in (code, code.rsplit("-", 1)[0]):
        try:
            return in_language(text.visit(known).name)
        except KeyError:
            continue
    return code

"""The protocol's words for arms and visits, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import get_language

from followup.models import Visit
from protocol.loader.schema import BilingualText, VisitRule
from protocol.text import ProtocolText, load
from randomization.models import Allocation

WITHOUT_A_VISIT: Final = frozenset({"month 36", "sweep"})


def in_language(text: BilingualText) -> str:
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
    """Visits that the participant is still to come for, in the order of time, by the protocol's names.

    What took place needs no day any more, and vital status is asked by the site without a visit.
    """
    text = load(version)
    rules = ((visit, _rule(text, visit.code)) for visit in visits if visit.target and not visit.took_place_on)
    coming = sorted(
        ((visit, rule) for visit, rule in rules if rule is None or rule.series not in WITHOUT_A_VISIT),
        key=lambda one: (one[0].target, one[0].code),
    )
    return [
        VisitWords(
            in_language(rule.name) if rule else visit.code,
            visit.target,
            visit.opens,
            visit.closes,
            " ".join(visit.forms),
        )
        for visit, rule in coming
    ]


def _rule(text: ProtocolText, code: str) -> VisitRule | None:
    for known in (code, code.rsplit("-", 1)[0]):
        try:
            return text.visit(known)
        except KeyError:
            continue
    return None

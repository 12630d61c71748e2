"""The protocol's words for arms and visits, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from followup.models import AWAITED, Visit
from protocol.loader.schema import BilingualText, VisitRule
from protocol.text import ProtocolText, load
from randomization.models import Allocation
from trials.models import Milestone, Participant

WITHOUT_A_VISIT: Final = frozenset({"month 36", "sweep"})
NUMBERED = re.compile(r"(?P<series>[A-Z]+)-?(?P<number>\d+)")
# What participants call a visit, by its code or by its series; the number is that of the code.
PLAIN: Final = {
    "N": _lazy("Treatment, week {number}"),
    "NE": _lazy("Check-up at the end of radiotherapy"),
    "SF30": _lazy("Check-up {number} days after the last treatment"),
    "SF90": _lazy("Check-up {number} days after the last immune medicine"),
    "CRE": _lazy("Check {number} of how well the treatment worked"),
    "RST": _lazy("Check-up before the operation"),
    "SURG": _lazy("Operation"),
    "DC": _lazy("Going home"),
    "PO": _lazy("Check-up {number} days after the operation"),
    "ADJ": _lazy("Talk about further treatment"),
    "AS": _lazy("Check-up, month {number}"),
    "FU": _lazy("Check-up, month {number}"),
}


STORY = re.compile(r"envelope (\S+) opened (\S+ \S+) by (.+)", re.DOTALL)
ENTERED = "entered after the outage; the participant has the place of the envelope"


def mark_in_words(text: str) -> str:
    """Return what the system wrote of a use of an envelope in the reader's language; what a person wrote as it is."""
    if text == ENTERED:
        return _("Entered after the outage; the participant has the place of the envelope.")
    story = STORY.fullmatch(text)
    if story is None:
        return text
    number, moment, persons = story.groups()
    told = {"number": number, "moment": moment, "persons": persons}
    return _("Envelope %(number)s was opened at %(moment)s by %(persons)s.") % told


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
    plain: str
    day: date | None
    opens: date | None
    closes: date | None
    forms: str
    is_agreed: bool


PROPOSED: Final = "followup:visit:propose"


def agreed_days(participant: Participant) -> frozenset[tuple[int, date]]:
    """Return the visits of which somebody of the site set the day, with that day; the planner's own are left out."""
    events: Any = Visit.pgh_event_model  # type: ignore[attr-defined]  # made by ``audited``
    told = events.objects.filter(participant_id=participant.pk, act__verb=PROPOSED)
    return frozenset(told.values_list("pgh_obj_id", "proposed_on"))


def last_immune_day(participant: Participant) -> date | None:
    """Return the day of the last dose of camrelizumab, once it is known."""
    given = Milestone.objects.filter(participant=participant, code="LASTCAMRE").first()
    return given.on if given else None


def plain_name(code: str, name: str) -> str:
    """Return what a participant calls the visit; its ``name`` where that is plain enough."""
    parts = NUMBERED.fullmatch(code)
    words = PLAIN.get(code) or (PLAIN.get(parts["series"]) if parts else None)
    return str(words).format(number=int(parts["number"]) if parts else "") if words else name


def visit_words(
    visits: Iterable[Visit], *, version: str, on: date, agreed: frozenset[tuple[int, date]] = frozenset()
) -> list[VisitWords]:
    """Visits that the participant is still to come for, in the order of time, by the protocol's names.

    The day is the one that was agreed or is proposed, else the protocol's. What took place needs none any more, nor
    does what can no longer be done ``on`` this day; vital status is asked by the site without a visit.
    """
    text = load(version)
    rules = ((visit, _rule(text, visit.code)) for visit in visits if _is_to_come(visit, on))
    coming = sorted(
        ((visit, rule) for visit, rule in rules if rule is None or rule.series not in WITHOUT_A_VISIT),
        key=lambda one: (_day_of(one[0]), one[0].code),
    )
    return [
        VisitWords(
            name := in_language(rule.name) if rule else visit.code,
            plain_name(visit.code, name),
            _day_of(visit),
            visit.opens,
            visit.closes,
            " ".join(visit.forms),
            is_agreed=(visit.pk, visit.proposed_on) in agreed,
        )
        for visit, rule in coming
    ]


def is_overdue(visit: Visit, on: date) -> bool:
    """Say whether somebody should have come and may no longer by the plan: the team is to be called."""
    rule_counts = visit.closes is not None and visit.closes < on
    return visit.state in AWAITED and rule_counts and not _is_to_come(visit, on)


def _day_of(visit: Visit) -> date:
    day: date | None = visit.proposed_on or visit.target
    return day or date.max


def _is_to_come(visit: Visit, on: date) -> bool:
    """Say whether somebody may still come: a day that was agreed counts, also outside the window."""
    last = max((day for day in (visit.closes, visit.proposed_on, visit.target) if day), default=None)
    return visit.state in AWAITED and last is not None and on <= last


def _rule(text: ProtocolText, code: str) -> VisitRule | None:
    for known in (code, code.rsplit("-", 1)[0]):
        try:
            return text.visit(known)
        except KeyError:
            continue
    return None

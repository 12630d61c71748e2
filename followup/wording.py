"""How visits are spoken of, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from followup.history import UNSCHEDULED, rule_of
from followup.models import Visit
from followup.services.planning import VisitChange
from kernel.days import in_chinese
from protocol.loader.schema import BilingualText
from protocol.schedule import DATA_CUT
from protocol.text import ProtocolText, load, versions


class NotDone(models.TextChoices):
    """Why a visit was not done (protocol 3.11, as_why)."""

    REFUSED = "refused", _lazy("The participant refused")
    ILL = "ill", _lazy("Too ill to come")
    ELSEWHERE = "elsewhere", _lazy("Seen elsewhere")
    MOVED = "moved", _lazy("Moved away")
    DEAD = "dead", _lazy("Died before the visit")
    STAFF = "staff", _lazy("Missed by the site")
    OTHER = "other", _lazy("Another reason")


def in_language(text: BilingualText) -> str:
    """Return the protocol's wording in the reader's language."""
    return text.zh if in_chinese() else text.en


def visit_name(text: ProtocolText, visit: Visit) -> str:
    """Return what the visit is called; its code when the protocol has no name for it."""
    if visit.code == UNSCHEDULED:
        return _("Unscheduled visit")
    for known in (text, *(load(version) for version in reversed(versions()))):
        if rule := rule_of(known, visit.code):
            return in_language(rule.name)
    return visit.code


def why_planned(text: ProtocolText, visit: Visit) -> str:
    """Return why the visit exists: the words of the protocol, or what a person wrote."""
    try:
        return in_language(text.reason(visit.reason))
    except KeyError:
        return visit.reason


def milestone_name(milestone: Any) -> str:
    """Return what a milestone is called, as it stands alone; a term such as cCR keeps its spelling."""
    name = in_language(milestone.name)
    return name if name[1:2].isupper() else capfirst(name)


def counted_from(text: ProtocolText, visit: Visit) -> str:
    """Return what the window is counted from."""
    if visit.anchor == DATA_CUT:
        return _("data cut")
    try:
        return milestone_name(text.milestone(visit.anchor))
    except KeyError:
        return visit.anchor


def procedures(text: ProtocolText, visit: Visit) -> list[str]:
    """Return what is to be done at the visit."""
    return [in_language(text.procedure(code).name) for code in visit.procedures]


@dataclass(frozen=True)
class ChangeLine:
    """A change of the plan as a page shows it, with what leaves the visit and what joins it in words."""

    change: VisitChange
    leaves: str
    joins: str


def change_lines(text: ProtocolText, changes: Iterable[VisitChange]) -> list[ChangeLine]:
    """Return the changes with their forms and procedures in the reader's language."""
    return [ChangeLine(change, _parts(text, change.leaves), _parts(text, change.joins)) for change in changes]


def _parts(text: ProtocolText, codes: Iterable[str]) -> str:
    """Return procedures by name and forms by code, the way a visit shows them."""
    names = {procedure.code: procedure.name for procedure in text.procedures}
    known = (
        in_language(names[code]) if code in names else _("form %(code)s") % {"code": code} for code in codes
    )
    return " · ".join(known)


def why_not_done(visit: Visit) -> str:
    """Return why the visit was not done."""
    if visit.met_on is not None:
        return _("Vital status was known on %(day)s: the visit was not needed") % {"day": visit.met_on}
    stored = visit.not_done_reason
    return str(NotDone(stored).label) if stored in NotDone.values else stored


def timing(visit: Visit) -> str:
    """Return whether the visit took place early, in its window or late, and by how many days."""
    if visit.took_place_on is None or visit.opens is None or visit.closes is None:
        return ""
    if visit.took_place_on < visit.opens:
        return _early((visit.opens - visit.took_place_on).days)
    if visit.took_place_on > visit.closes:
        return _late((visit.took_place_on - visit.closes).days)
    return _("in the window")


def _early(days: int) -> str:
    return ngettext("%(days)s day before the window", "%(days)s days before the window", days) % {
        "days": days
    }


def _late(days: int) -> str:
    return ngettext("%(days)s day after the window", "%(days)s days after the window", days) % {"days": days}


def time_left(visit: Visit, today: date) -> str:
    """Return how far the window is from today."""
    if visit.opens is None or visit.closes is None:
        return ""
    if today < visit.opens:
        days = (visit.opens - today).days
        return ngettext("opens in %(days)s day", "opens in %(days)s days", days) % {"days": days}
    if today > visit.closes:
        days = (today - visit.closes).days
        return ngettext("closed %(days)s day ago", "closed %(days)s days ago", days) % {"days": days}
    if today == visit.closes:
        return _("closes today")
    days = (visit.closes - today).days
    return ngettext("closes in %(days)s day", "closes in %(days)s days", days) % {"days": days}

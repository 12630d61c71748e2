"""Analysis sets, derived with the reason for everybody who is not in one (protocol 1.8, 3.15; decisions D6, E6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from analysis.reading import DerivedParticipant
from crf.catalogue.deviation.codes import CATEGORY


class AnalysisSet(StrEnum):
    """A set of participants that analyses are made in (protocol 1.8)."""

    RANDOMIZED = "ITT"
    PER_PROTOCOL = "PP"
    TREATED = "SAFETY"
    RESECTED = "RESECTED"
    COMPLETE_RESPONSE = "CCR_SET"


NAMES: dict[AnalysisSet, str | Promise] = {
    AnalysisSet.RANDOMIZED: pgettext_lazy("analysis set", "Randomized (intention to treat)"),
    AnalysisSet.PER_PROTOCOL: pgettext_lazy("analysis set", "Per protocol"),
    AnalysisSet.TREATED: pgettext_lazy("analysis set", "Treated (safety)"),
    AnalysisSet.RESECTED: pgettext_lazy("analysis set", "Resected"),
    AnalysisSet.COMPLETE_RESPONSE: pgettext_lazy("analysis set", "cCR at CRE-2"),
}
RULES: dict[AnalysisSet, str | Promise] = {
    AnalysisSet.RANDOMIZED: _("Everybody who was randomized, as randomized, whatever followed."),
    AnalysisSet.PER_PROTOCOL: _(
        "Randomized, and without a deviation that excludes: as the statistician decided, and until then as the rule "
        "proposes."
    ),
    AnalysisSet.TREATED: _("At least one dose or fraction of study treatment, by the treatment received."),
    AnalysisSet.RESECTED: _("A resection of the oesophagus, at any time and for any reason."),
    AnalysisSet.COMPLETE_RESPONSE: _("A cCR declared at CRE-2 or at its repeat; a late cCR does not count."),
}


# Nobody of the other arm is in it: its size is a count of one arm, for who may see those alone (ADR 55).
OF_ONE_ARM: frozenset[AnalysisSet] = frozenset({AnalysisSet.COMPLETE_RESPONSE})


@dataclass(frozen=True)
class Membership:
    """Whether somebody is in a set; if not, why, and whether that is decided or only proposed."""

    inside: bool
    why: str = ""
    provisional: bool = False
    deviation: int | None = None


IN = Membership(True)


def sets_of(derived: DerivedParticipant) -> dict[AnalysisSet, Membership]:
    """Return the membership of one randomized participant in every set."""
    facts, values = derived.facts, derived.values
    return {
        AnalysisSet.RANDOMIZED: IN,
        AnalysisSet.PER_PROTOCOL: _per_protocol(derived),
        AnalysisSet.TREATED: IN if facts.neo_d1 else Membership(False, str(_("no study treatment given"))),
        AnalysisSet.RESECTED: IN if values.surgery.resected else Membership(False, _not_resected(derived)),
        AnalysisSet.COMPLETE_RESPONSE: _responded(derived),
    }


def _per_protocol(derived: DerivedParticipant) -> Membership:
    """Name the first deviation that was decided to exclude; else the first that the rule proposes."""
    if not derived.facts.exclusions:
        return IN
    first = min(derived.facts.exclusions, key=lambda each: (not each.decided, each.number))
    category = CATEGORY.labels.get(first.category, first.category)
    why = _("deviation %(number)s: %(category)s") % {"number": first.number, "category": category}
    return Membership(False, why, provisional=not first.decided, deviation=first.number)


def _not_resected(derived: DerivedParticipant) -> str:
    if derived.values.surgery.begun:
        return str(_("explored, not resected"))
    return str(_("operation given up") if derived.values.surgery.planned else _("no operation on record"))


def _responded(derived: DerivedParticipant) -> Membership:
    response = derived.values.response
    if response.ccr:
        return IN
    if response.ccr is None:
        return Membership(False, str(_("not known yet")), provisional=True)
    return Membership(False, str(_("late cCR") if response.late_ccr_on else _("no cCR declared")))

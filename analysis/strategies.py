"""Who received what was allocated, and who changed the strategy: the crossovers of the flow by arm (protocol 6.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.reading import DerivedParticipant
from analysis.sets import AnalysisSet, sets_of

BY_WISH = "wish"
STRATEGIES: Final[tuple[tuple[str | Promise, Callable[[DerivedParticipant], bool]], ...]] = (
    (_("Started neoadjuvant treatment"), lambda each: each.facts.neo_d1 is not None),
    (_("Never started"), lambda each: each.values.intercurrent.never_started),
    (
        _("Operated by wish, with a cCR (crossover to surgery)"),
        lambda each: each.values.surgery.intent == BY_WISH,
    ),
    (
        _("Declined surgery (crossover to surveillance)"),
        lambda each: each.values.intercurrent.declined_surgery,
    ),
    (_("PD-1 inhibitor later"), lambda each: each.values.intercurrent.later_pd1),
    (_("In the per-protocol set"), lambda each: sets_of(each)[AnalysisSet.PER_PROTOCOL].inside),
)


def strategies_by_arm(
    rows: Sequence[DerivedParticipant], arms: Mapping[str, str], order: Sequence[str]
) -> list[tuple[str | Promise, list[int]]]:
    """Count each of the strategies in each arm."""
    of_arm = {arm: [each for each in rows if arms.get(each.facts.number) == arm] for arm in order}
    return [(title, [sum(map(holds, of_arm[arm])) for arm in order]) for title, holds in STRATEGIES]

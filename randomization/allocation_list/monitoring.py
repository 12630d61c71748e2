"""What the statistician watches: balance, predictability so far, places left. No coming place is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import Act
from randomization.allocation_list import functions
from randomization.models import Allocation, Scheme
from randomization.scheme.simulation import predictability

ARMS = ("1", "2")
RUNS_LOW_BELOW = 20
LOOKS = {
    "randomization:design:look": _("Looked at the block sizes"),
    "randomization:list:look": _("Looked at the balance or the list"),
    "analysis:arms:look": _("Looked at results by arm"),
    "randomization:list:activate": _("Activated a list"),
    "randomization:minimization:switch": _("Turned the switch of minimization"),
}


@dataclass(frozen=True)
class StratumBalance:
    """One stratum as it stands."""

    stratum: str
    arms: tuple[int, ...]
    guessed: float | None
    left: int
    size: int
    used: int

    @property
    def difference(self) -> int:
        return max(self.arms) - min(self.arms)

    @property
    def runs_low(self) -> bool:
        return self.left < min(RUNS_LOW_BELOW, self.size // 4 + 1)

    @property
    def adds_up(self) -> bool:
        """Every place that the list calls used has its allocation."""
        return self.used == sum(self.arms)


@dataclass(frozen=True)
class SiteBalance:
    """One site as it stands: its arms, and how often it could have guessed the next from its own past."""

    site: str
    arms: tuple[int, ...]
    guessed: float

    @property
    def difference(self) -> int:
        return max(self.arms) - min(self.arms)


@dataclass(frozen=True)
class Balance:
    strata: tuple[StratumBalance, ...]
    sites: tuple[SiteBalance, ...]
    arms: tuple[int, ...]
    drift: tuple[int, ...]
    waiting: int


def balance_of(scheme: Scheme) -> Balance:
    """The balance overall, by stratum and over time, from allocations that were revealed."""
    given = list(
        Allocation.objects.filter(part__scheme=scheme, arm__isnull=False)
        .order_by("randomized_at", "pk")
        .values_list("stratum", "arm")
    )
    waiting = Allocation.objects.filter(part__scheme=scheme).unrevealed().count()
    guesses = predictability(given, arms=ARMS)
    counts = Counter(given)
    strata = tuple(
        StratumBalance(
            stratum=slot.stratum,
            arms=tuple(counts[slot.stratum, arm] for arm in ARMS),
            guessed=guesses[slot.stratum][1] if slot.stratum in guesses else None,
            left=slot.left,
            size=slot.size,
            used=slot.used,
        )
        for slot in functions.counts(scheme_id=scheme.pk)
    )
    totals = Counter(arm for _stratum, arm in given)
    drift = tuple(accumulate(1 if arm == ARMS[0] else -1 for _stratum, arm in given))
    return Balance(strata, _by_site(strata), tuple(totals[arm] for arm in ARMS), drift, waiting)


def _by_site(strata: Sequence[StratumBalance]) -> tuple[SiteBalance, ...]:
    own: dict[str, list[StratumBalance]] = {}
    for row in strata:
        if row.guessed is not None:
            own.setdefault(row.stratum.partition("/")[0], []).append(row)
    return tuple(
        SiteBalance(
            site=site,
            arms=tuple(sum(row.arms[n] for row in rows) for n in range(len(ARMS))),
            guessed=sum((row.guessed or 0) * sum(row.arms) for row in rows)
            / sum(sum(row.arms) for row in rows),
        )
        for site, rows in sorted(own.items())
    )


def list_accesses() -> Sequence[tuple[Act, str | Promise]]:
    """Every recorded look at a design or list, latest first, with what it was in words."""
    acts = Act.objects.filter(verb__in=LOOKS).select_related("by").order_by("-at", "-pk")[:200]
    return [(act, LOOKS[act.verb]) for act in acts]

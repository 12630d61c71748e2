"""How mature survival is: deaths expected under what the study team assumed, beside those observed (protocol 6.1).

Death and drop-out are taken as exponential and independent; both assumptions are proportions at 36 months.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log

from protocol.statistics.distributions import proportion
from protocol.survival import DAY_OF_36_MONTHS


def expected_deaths(days: Iterable[int], *, survival: float, drop_out: float) -> float:
    """The deaths that are expected to be seen among participants who entered so many days ago.

    Who drops out is not seen to die any more.
    """
    death = -log(proportion("assumed survival", survival)) / DAY_OF_36_MONTHS
    leaving = -log(1 - drop_out) / DAY_OF_36_MONTHS if drop_out else 0.0
    both = death + leaving
    return sum(death / both * (1 - exp(-both * max(day, 0))) for day in days)

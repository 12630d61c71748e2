"""What central monitoring counts at each site, and the factors that are critical to quality (ICH E6(R3) 3.10, 3.11.4).

None of it is of the protocol: ranges and limits are defaults of ours, to be confirmed by the study team.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Role
from protocol.statistics.control_limits import CountKind, control_limits, limits_of_rate

WARNING_TAIL, ACTION_TAIL = 0.025, 0.001  # on each side: 95 % and 99.8 %
CONFIDENCE: Final = 0.95
PERCENT: Final = 100


class Signal(StrEnum):
    """Where a site lies among all sites."""

    NONE = "none"
    INSIDE = "inside"
    WARNING = "warning"
    ACTION = "action"


SIGNAL_LABELS: Final = {
    Signal.NONE: _("Nothing to count yet"),
    Signal.INSIDE: _("Inside the limits"),
    Signal.WARNING: _("Outside the 95 % limits"),
    Signal.ACTION: _("Outside the 99.8 % limits"),
}


@dataclass(frozen=True)
class Indicator:
    """One count of each site: of what, in what exposure, and on which side it is worth a look."""

    code: str
    title: Promise
    counts: Promise
    unit: Promise
    kind: CountKind
    scale: int = PERCENT
    looks_high: bool = True
    looks_low: bool = True


INDICATORS: Final = (
    Indicator(
        "late-entry",
        _("Late entry"),
        _(
            "Forms first answered after the day by which they were due, or still waiting after it, of those due."
        ),
        _("% of forms"),
        CountKind.SHARE,
        looks_low=False,
    ),
    Indicator(
        "query-rate",
        _("Query rate"),
        _("Queries that were raised, by the records that were begun."),
        _("per 100 records"),
        CountKind.RATE,
    ),
    Indicator(
        "adverse-events",
        _("Reporting of adverse events"),
        _("Adverse events on record, by the years of participants since randomization."),
        _("per participant-year"),
        CountKind.RATE,
        scale=1,
    ),
    Indicator(
        "deviations",
        _("Reporting of deviations"),
        _("Deviations on the log, by the years of participants since randomization."),
        _("per participant-year"),
        CountKind.RATE,
        scale=1,
    ),
    Indicator(
        "visit-adherence",
        _("Visit adherence"),
        _("Visits that took place in their window, of those asked for."),
        _("% of visits"),
        CountKind.SHARE,
        looks_high=False,
    ),
    Indicator(
        "digit-preference",
        _("Digit preference"),
        _("Blood pressures that end in 0 or 5, of all that were measured."),
        _("% of readings"),
        CountKind.SHARE,
    ),
    Indicator(
        "alike-values",
        _("Values too alike"),
        _(
            "Pairs of vital signs of two participants in which both blood pressures, pulse and temperature are the "
            "same, of all such pairs."
        ),
        _("per 1,000 pairs"),
        CountKind.RATE,
        scale=1000,
        looks_low=False,
    ),
    Indicator(
        "odd-hours",
        _("Odd hours"),
        _("Saves between 22:00 and 6:00 by the clock of the site, of all saves of its own people."),
        _("% of saves"),
        CountKind.SHARE,
        looks_low=False,
    ),
    Indicator(
        "vital-status",
        _("Vital status known"),
        _("Randomized participants who died, or of whom there was news within 180 days, of all randomized."),
        _("% of participants"),
        CountKind.SHARE,
        looks_high=False,
    ),
    Indicator(
        "eligibility-deviations",
        _("Deviations on eligibility"),
        _("Deviations of the category eligibility, by randomized participants."),
        _("per 100 randomized"),
        CountKind.RATE,
        looks_low=False,
    ),
)
BY_CODE: Final = {each.code: each for each in INDICATORS}


@dataclass(frozen=True)
class QualityFactor:
    """A factor critical to quality: an indicator with the range that is acceptable, and who owns a breach of it.

    Ranges are in the unit of the indicator. ``lowest`` and ``highest`` here are defaults of ours; the study team sets
    its own, and until it has, the page says "to be confirmed".
    """

    code: str
    why: Promise
    owner: Role
    lowest: Decimal | None = None
    highest: Decimal | None = None


FACTORS: Final = (
    QualityFactor(
        "vital-status", _("The primary endpoint is survival."), Role.DATA_MANAGER, lowest=Decimal(95)
    ),
    QualityFactor(
        "eligibility-deviations",
        _("Whoever should not have been randomized is in every analysis."),
        Role.TRIAL_MANAGER,
        highest=Decimal(2),
    ),
    QualityFactor(
        "visit-adherence",
        _("Evaluations outside their window find regrowth late."),
        Role.MONITOR,
        lowest=Decimal(85),
    ),
    QualityFactor(
        "late-entry", _("What is not entered is not watched."), Role.DATA_MANAGER, highest=Decimal(20)
    ),
)
FACTOR_BY_CODE: Final = {each.code: each for each in FACTORS}


@dataclass(frozen=True)
class SiteCount:
    """What one indicator counts at one site, and in all of them together."""

    indicator: Indicator
    count: int
    exposure: Decimal
    pooled_count: int
    pooled_exposure: Decimal

    @property
    def value(self) -> float | None:
        """The count by its exposure, in the unit of the indicator; None without an exposure."""
        return self.in_unit(self.count / float(self.exposure)) if self.exposure else None

    @property
    def pooled_rate(self) -> float:
        return self.pooled_count / float(self.pooled_exposure) if self.pooled_exposure else 0.0

    def in_unit(self, rate: float) -> float:
        return rate * self.indicator.scale

    def limits(self, tail: float) -> tuple[int, int]:
        """The counts that are not outside, if the site were as all together."""
        return control_limits(self.indicator.kind, float(self.exposure), self.pooled_rate, tail=tail)

    @property
    def signal(self) -> Signal:
        """Where the site lies, on the sides that are worth a look."""
        if not self.exposure or not self.pooled_count:
            return Signal.NONE
        for tail, signal in ((ACTION_TAIL, Signal.ACTION), (WARNING_TAIL, Signal.WARNING)):
            lowest, highest = self.limits(tail)
            low = self.indicator.looks_low and self.count < lowest
            if low or (self.indicator.looks_high and self.count > highest):
                return signal
        return Signal.INSIDE

    def breaches(self, lowest: Decimal | None, highest: Decimal | None) -> bool:
        """Say whether the exact 95 % limits of the value lie wholly outside an acceptable range."""
        limits = limits_of_rate(self.indicator.kind, self.count, float(self.exposure), confidence=CONFIDENCE)
        if limits.lower is None or limits.upper is None:
            return False
        below = lowest is not None and self.in_unit(limits.upper) < lowest
        return below or (highest is not None and self.in_unit(limits.lower) > highest)

"""The page of central monitoring as values: indicators by site, factors with their ranges, and the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import ROLE_LABELS, Permission
from kernel.spreadsheets import Cell
from monitoring.indicators import (
    ACTION_TAIL,
    BY_CODE,
    INDICATORS,
    SIGNAL_LABELS,
    WARNING_TAIL,
    Indicator,
    Signal,
    SiteCount,
)
from monitoring.models import SiteIndicator
from monitoring.services import FactorRange, ranges


@dataclass(frozen=True)
class IndicatorLine:
    """One site in the table behind a funnel plot: counts, value, and the values that are not outside."""

    site: str
    counted: SiteCount
    warning: tuple[str, str]
    action: tuple[str, str]

    @property
    def value(self) -> str:
        return in_words(self.counted.value)

    @property
    def signal(self) -> Signal:
        return self.counted.signal

    @property
    def signal_in_words(self) -> str:
        return str(SIGNAL_LABELS[self.signal])


@dataclass(frozen=True)
class FactorLine:
    """One factor with its range, what all sites together give (or the person's own), and whether it is breached."""

    range: FactorRange
    indicator: Indicator
    value: str
    is_breached: bool

    @property
    def owner_label(self) -> str:
        return str(ROLE_LABELS[self.range.factor.owner])

    @property
    def acceptable(self) -> str:
        lowest, highest = self.range.lowest, self.range.highest
        if lowest is not None and highest is not None:
            return _("%(lowest)s to %(highest)s") % {"lowest": f"{lowest:f}", "highest": f"{highest:f}"}
        if lowest is not None:
            return _("at least %(lowest)s") % {"lowest": f"{lowest:f}"}
        return _("at most %(highest)s") % {"highest": f"{highest:f}"}


def in_words(value: float | None) -> str:
    """Return a value to three digits that count; a dash where there is none."""
    return "–" if value is None else f"{value:.1f}"


def lines_of(user: User) -> dict[str, list[IndicatorLine]]:
    """Return every indicator with the sites that the person may see; those without an exposure are left out."""
    lines: dict[str, list[IndicatorLine]] = defaultdict(list)
    rows = SiteIndicator.objects.open_to(user, Permission.MONITORING_VIEW).select_related("site")
    for row in rows:
        if row.indicator in BY_CODE:
            lines[row.indicator].append(_line(row.site.code, row.counted))
    return lines


def _line(site: str, counted: SiteCount) -> IndicatorLine:
    return IndicatorLine(site, counted, _range(counted, WARNING_TAIL), _range(counted, ACTION_TAIL))


def _range(counted: SiteCount, tail: float) -> tuple[str, str]:
    low, high = (counted.in_unit(limit / float(counted.exposure)) for limit in counted.limits(tail))
    return in_words(low), in_words(high)


def factor_lines(lines: dict[str, list[IndicatorLine]], *, pooled: bool) -> list[FactorLine]:
    """Return every factor with the value of all sites together, or, for people of a site, with their own."""
    return [
        _factor_line(each, [line.counted for line in lines.get(each.factor.code, [])], pooled=pooled)
        for each in ranges()
    ]


def _factor_line(each: FactorRange, counts: list[SiteCount], *, pooled: bool) -> FactorLine:
    indicator = BY_CODE[each.factor.code]
    if not counts:
        return FactorLine(each, indicator, in_words(None), False)
    first = counts[0]
    whole = (first.pooled_count, first.pooled_exposure)
    shown = SiteCount(indicator, *whole, *whole) if pooled else first
    return FactorLine(each, indicator, in_words(shown.value), shown.breaches(each.lowest, each.highest))


def file_rows(
    lines: dict[str, list[IndicatorLine]], chosen: Iterable[Indicator] = INDICATORS
) -> Iterator[list[Cell]]:
    """Yield the table of indicators as a file holds it."""
    yield [
        *("INDICATOR", "SITE", "COUNT", "EXPOSURE", "VALUE", "UNIT"),
        *("LOWER_95", "UPPER_95", "LOWER_99_8", "UPPER_99_8", "SIGNAL"),
    ]
    for indicator in chosen:
        for line in lines.get(indicator.code, []):
            yield [
                *(indicator.code, line.site, line.counted.count, line.counted.exposure, line.value),
                *(str(indicator.unit), *line.warning, *line.action, line.signal.value),
            ]

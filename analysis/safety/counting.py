"""Rows of the safety tables: a count over those at risk, in per cent, with exact limits; never a number over nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from analysis.safety.reading import SafetyFacts
from protocol.statistics.proportions import exact_limits
from protocol.text import newest
from reports.quality import Table

# What is described has limits of 95 % while the study team has not signed a confidence level: a default of ours.
DESCRIPTIVE_LEVEL: Final = 0.95
Cells = tuple[str | int, ...]
Count = tuple[int, int]


@dataclass(frozen=True)
class SafetyGroup:
    """Participants who are counted together: everybody, or those of one arm; ``label`` is empty for everybody."""

    label: str
    people: tuple[SafetyFacts, ...]

    def heading(self, text: str) -> str:
        """Return the heading of one of the group's columns."""
        return f"{self.label}: {text}" if self.label else text


def level() -> float:
    """Return the confidence level of the limits: that of the protocol text, or the descriptive one without it."""
    told = newest().setting("confidence_level")
    return DESCRIPTIVE_LEVEL if told is None else float(str(told))


def note_of_level() -> str:
    """Say which confidence level the limits have, and whose it is."""
    percent = f"{100 * level():g}"
    if newest().setting("confidence_level") is None:
        return _(
            "Limits are exact (Clopper–Pearson) at %(percent)s %%, a default of this system: the study team has "
            "not set a confidence level."
        ) % {"percent": percent}
    return _("Limits are exact (Clopper–Pearson) at %(percent)s %%.") % {"percent": percent}


def counted(count: int, at_risk: int) -> Cells:
    """Return count, number at risk, share and limits; in words where nobody is at risk."""
    if at_risk == 0:
        return (count, 0, "–", _("nobody at risk"))
    limits = exact_limits(count, at_risk, confidence=level())
    return (
        count,
        at_risk,
        percent_of(limits.value),
        f"{percent_of(limits.lower)} – {percent_of(limits.upper)}",
    )


def percent_of(share: float | None) -> str:
    """Return a proportion in per cent, to one decimal."""
    return "–" if share is None else f"{100 * share:.1f} %"


def proportions(
    title: str,
    first: str,
    groups: Sequence[SafetyGroup],
    rows: Iterable[tuple[str, Sequence[Count]]],
    *,
    slug: str,
    last: Sequence[str] = (),
) -> Table:
    """Return a table of proportions: four columns for each group, one row for each label with a count a group.

    ``last`` is a further column, the same in every row.
    """
    headings = (_("With it"), _("At risk"), _("Share"), _("Exact limits"))
    columns = [first, *(group.heading(each) for group in groups for each in headings), *last[:1]]
    cells = tuple(
        (label, *(cell for count in counts for cell in counted(*count)), *last[1:]) for label, counts in rows
    )
    return Table(title, tuple(columns), cells, slug=slug)

"""The work list in bands: late, this week, later, waiting for others; one line an item, grouped by participant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.days import time_left, time_since
from reports.worklist.sections import WorkItem, WorkListSection

WEEK: Final = timedelta(days=7)


class Band(TextChoices):
    """When something is to be done, or that somebody else does it."""

    LATE = "late", pgettext_lazy("band", "Late")
    WEEK = "week", _("This week")
    OTHERS = "others", _("Waiting for others")
    LATER = "later", _("Later")


NOTHING: Final = {
    Band.LATE: _("Nothing is late."),
    Band.WEEK: _("Nothing is left for this week."),
    Band.OTHERS: _("Nothing waits for others."),
}


@dataclass(frozen=True)
class WorkLine:
    """One thing to do: what, in how much time, and of which kind it is."""

    item: WorkItem
    kind: str
    icon: str
    said: str

    @property
    def what(self) -> str:
        return self.item.what


@dataclass
class WorkGroup:
    """Everything of one band about one participant, or one site or request."""

    number: str
    lines: list[WorkLine] = field(default_factory=list)


@dataclass(frozen=True)
class WorkBand:
    """One band with its groups, the most urgent first."""

    band: Band
    groups: tuple[WorkGroup, ...]

    @property
    def title(self) -> str:
        return str(self.band.label)

    @property
    def count(self) -> int:
        return sum(len(group.lines) for group in self.groups)

    @property
    def nothing(self) -> str:
        return str(NOTHING.get(self.band, ""))

    @property
    def is_shown(self) -> bool:
        """Say whether the band stands on the page when it is empty."""
        return bool(self.groups) or self.band in NOTHING


def band_of(item: WorkItem, today: date) -> Band:
    """Return where a line belongs; what has no last day is to be done this week."""
    if item.waits:
        return Band.OTHERS
    if item.state == "overdue":
        return Band.LATE
    if item.when is None or item.is_since:
        return Band.WEEK
    if item.when < today:
        return Band.LATE
    return Band.WEEK if item.when <= today + WEEK else Band.LATER


def bands_of(sections: Iterable[WorkListSection], *, today: date) -> list[WorkBand]:
    """Return the bands of a work list, in the order in which they matter."""
    lines: dict[Band, list[WorkLine]] = {band: [] for band in Band}
    for section in sections:
        for item in section.items:
            lines[band_of(item, today)].append(_line(item, section, today))
    bands = [WorkBand(band, tuple(_groups(of_band))) for band, of_band in lines.items()]
    return [band for band in bands if band.is_shown]


def _line(item: WorkItem, section: WorkListSection, today: date) -> WorkLine:
    said = item.said
    if item.when and not said:
        said = time_since(item.when, today=today) if item.is_since else time_left(item.when, today=today)
    return WorkLine(item, str(section.title), section.icon, said)


def _groups(lines: Iterable[WorkLine]) -> Iterator[WorkGroup]:
    """Yield the lines by participant: whoever has the most urgent line stands first."""
    ordered = sorted(lines, key=_urgency)
    groups: dict[str, WorkGroup] = {}
    for line in ordered:
        groups.setdefault(line.item.number, WorkGroup(line.item.number)).lines.append(line)
    yield from groups.values()


def _urgency(line: WorkLine) -> tuple[bool, bool, date]:
    """Put clocks that run in hours first, then what has a last day, the earliest first, then what only waits."""
    item = line.item
    return not item.said, item.is_since or item.when is None, item.when or date.max

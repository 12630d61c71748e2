"""The sections of a work list as values: a title, the first lines, how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db.models import Count, Min
from django.utils.functional import Promise

from accounts.models import User
from kernel.pagination import MOST, in_words, rows_and_count

SHOWN: Final = 8


@dataclass(frozen=True)
class WorkItem:
    """One line: about whom, what, until when, and where it is done.

    ``when`` is the last day, or with ``is_since`` the day on which it began to wait; ``said`` says either in hours.
    ``waits`` marks what somebody else does next.
    """

    number: str
    what: str
    href: str
    kind: str = ""
    state: str = ""
    when: date | None = None
    is_since: bool = False
    said: str = ""
    waits: bool = False


@dataclass(frozen=True)
class WorkListSection:
    """One kind of work, with its first lines and how many there are in all."""

    title: str | Promise
    icon: str
    nothing: str | Promise
    items: list[WorkItem] = field(default_factory=list)
    total: int = 0
    href: str = ""
    stands: int | None = None

    @property
    def shown(self) -> int:
        """Return how many of the rows stand on the page, by themselves or in the line of their participant."""
        return len(self.items) if self.stands is None else self.stands

    @property
    def counted(self) -> str:
        return in_words(self.total)

    @property
    def has_more(self) -> bool:
        """Say whether the list is longer than what stands on the page; a list that is not counted has its lines."""
        return self.total > self.shown


@dataclass(frozen=True)
class ParticipantWork:
    """How many rows wait about one participant, and since when the oldest does; the zone is that of the site."""

    number: str
    zone: str
    rows: int
    oldest: Any


def grouped(rows: Any, *, by: str) -> tuple[list[ParticipantWork], int]:
    """Return how many rows wait about each participant, the oldest first, and how many in all, in one question.

    At most ``MOST`` rows are looked at, whatever there is.
    """
    first = rows.order_by(by, "pk").values("pk")[: MOST + 1]
    counted = rows.model.objects.filter(pk__in=first).order_by()
    counted = counted.values_list("participant__number", "participant__site__time_zone")
    groups = [
        ParticipantWork(*row) for row in counted.annotate(n=Count("pk"), oldest=Min(by)).order_by("oldest")
    ]
    return groups[:SHOWN], rows_of(groups)


def rows_of(groups: Iterable[ParticipantWork]) -> int:
    """Return how many rows stand behind the lines of some participants."""
    return sum(group.rows for group in groups)


Builder = Callable[[User, date], WorkListSection]


@dataclass(frozen=True)
class WaitingWork:
    """Work of a package above this one of which mostly nothing waits: its rows for a person, and their section."""

    name: str
    rows: Callable[[User], Any]
    build: Builder


OTHER_WORK: Final[list[WaitingWork]] = []


def stands_on_work_lists(work: WaitingWork) -> None:
    """Put it on the work lists of those for whom it has rows; a package says so as it starts."""
    if all(each.name != work.name for each in OTHER_WORK):
        OTHER_WORK.append(work)


def first_and_total(rows: Any) -> tuple[list[Any], int]:
    """Return the first rows and how many there are."""
    return rows_and_count(rows, SHOWN)

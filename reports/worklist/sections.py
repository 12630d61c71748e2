"""The sections of a work list as values: a title, the first lines, how many there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.utils.functional import Promise

from accounts.models import User
from kernel.pagination import in_words, rows_and_count

SHOWN: Final = 8


@dataclass(frozen=True)
class WorkItem:
    """One line: about whom, what, until when, and where it is done."""

    number: str
    what: str
    href: str
    kind: str = ""
    state: str = ""
    when: date | None = None


@dataclass(frozen=True)
class WorkListSection:
    """One kind of work, with its first lines and how many there are in all."""

    title: str | Promise
    icon: str
    nothing: str | Promise
    items: list[WorkItem] = field(default_factory=list)
    total: int = 0
    href: str = ""

    @property
    def counted(self) -> str:
        return in_words(self.total)

    @property
    def has_more(self) -> bool:
        """Say whether the list is longer than what stands on the page; a list that is not counted has its lines."""
        return self.total > len(self.items)


Builder = Callable[[User, date], WorkListSection]


def first_and_total(rows: Any) -> tuple[list[Any], int]:
    """Return the first rows and how many there are."""
    return rows_and_count(rows, SHOWN)

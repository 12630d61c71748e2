"""Counts that cost the same however much there is: up to a bound, and "more than that" beyond it."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Paginator
from django.utils.functional import cached_property

MOST: Final = 999
PAGED: Final = 10_000


def count_up_to(rows: Any, most: int = MOST) -> int:
    """Return how many rows there are; ``most`` + 1 when there are more."""
    found: int = rows.order_by()[: most + 1].count()
    return found


def in_words(count: int, most: int = MOST) -> str:
    """Return the count as a page shows it."""
    return f"{most}+" if count > most else str(count)


class LongList(Paginator):
    """Pages of a list that may be very long: the first ``PAGED`` rows; filters lead to the others."""

    @cached_property
    def count(self) -> int:
        return count_up_to(self.object_list, PAGED - 1)

    @property
    def shown(self) -> str:
        """Return the count as the page shows it."""
        return in_words(self.count, PAGED - 1)

"""Counts that cost the same however much there is: up to a bound, and "more than that" beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import CharField, Count, IntegerField, Subquery, Value, Window
from django.utils.functional import cached_property

MOST: Final = 999
PAGED: Final = 10_000


def count_up_to(rows: Any, most: int = MOST) -> int:
    """Return how many rows there are; ``most`` + 1 when there are more."""
    count: int = rows.order_by()[: most + 1].count()
    return count


class CountOf(Subquery):
    """The number of the rows of a query."""

    template = "(SELECT count(*) FROM (%(subquery)s) _counted)"
    output_field = IntegerField()


def page_by_keys(rows: Any, first: int, end: int) -> Any:
    """Return the rows from ``first`` up to ``end``, chosen by their keys before anything is joined to them.

    A list is sorted with what is joined to it otherwise, all of it, for the few rows that are shown.
    """
    keys = rows.select_related(None).prefetch_related(None).values("pk")[first:end]
    return rows.filter(pk__in=keys)


def rows_and_count(rows: Any, shown: int, most: int = MOST) -> tuple[list[Any], int]:
    """Return the first ``shown`` rows and how many there are, as ``count_up_to`` does, in one question."""
    return _with_count(list(_counted(rows, shown, most)))


def rows_and_count_in_one_pass(rows: Any, shown: int) -> tuple[list[Any], int]:
    """Return what ``rows_and_count`` does where to tell whether a row belongs to the list costs more than the row."""
    return _with_count(list(rows.annotate(counted_rows=Window(Count("*")))[:shown]))


def rows_and_count_of_each(
    lists: dict[str, Any], shown: int, most: int = MOST
) -> dict[str, tuple[list[Any], int]]:
    """Return what ``rows_and_count`` does for several lists of one model, all in one question, each by its key."""
    asked = [_counted(rows, shown, most).annotate(listed=Value(name)) for name, rows in lists.items()]
    listed = list(asked[0].union(*asked[1:], all=True))
    return {name: _with_count([row for row in listed if row.listed == name]) for name in lists}


def _counted(rows: Any, shown: int, most: int) -> Any:
    counted = rows.select_related(None).prefetch_related(None).order_by().values("pk")[: most + 1]
    return page_by_keys(rows, 0, shown).annotate(counted_rows=CountOf(counted))


def _with_count(rows: list[Any]) -> tuple[list[Any], int]:
    return rows, rows[0].counted_rows if rows else 0


def which_have_rows(named: Mapping[str, Any]) -> set[str]:
    """Return the names of the query sets that have a row, all in one question."""
    asked = [
        rows.order_by().annotate(asked_as=Value(name, output_field=CharField())).values_list("asked_as")[:1]
        for name, rows in named.items()
        if not rows.query.is_empty()
    ]
    if not asked:
        return set()
    first, *others = asked
    return {name for (name,) in (first.union(*others, all=True) if others else first)}


def in_words(count: int, most: int = MOST) -> str:
    """Return the count as a page shows it."""
    return f"{most}+" if count > most else str(count)


class BoundedPaginator(Paginator):
    """Pages of a list that may be very long: the first ``bound`` rows; filters lead to the others."""

    def __init__(self, rows: Any, per_page: int, *, bound: int | None = None) -> None:
        super().__init__(rows, per_page)
        self.bound = bound or PAGED

    @cached_property
    def count(self) -> int:
        return count_up_to(self.object_list, self.bound - 1)

    def page(self, number: int | str) -> Page[Any]:
        """Return one page; its rows are picked before they are joined to anything."""
        wanted = self.validate_number(number)
        first = (wanted - 1) * self.per_page
        rows = page_by_keys(self.object_list, first, min(first + self.per_page, self.count))
        return self._get_page(rows, wanted, self)  # type: ignore[attr-defined]

    @property
    def shown(self) -> str:
        """Return the count as the page shows it."""
        return in_words(self.count, self.bound - 1)

"""By which column a list is sorted: one of the columns of the page, named by the address, up or down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from kernel.choices import chosen

DOWN: Final = "-"


@dataclass(frozen=True)
class Sorting:
    """The column that was chosen, its direction, and the order of the rows."""

    column: str
    is_down: bool
    order: tuple[str, ...]

    def of(self, column: str) -> str:
        """Return what ``aria-sort`` says of a column."""
        if column != self.column:
            return "none"
        return "descending" if self.is_down else "ascending"

    def next_of(self, column: str) -> str:
        """Return what the head of a column asks for: up first, then down."""
        return f"{DOWN}{column}" if column == self.column and not self.is_down else column


def sorting(
    request: HttpRequest, columns: Mapping[str, tuple[str, ...]], *, otherwise: tuple[str, ...]
) -> Sorting:
    """Return how the address wants the list; each column is named with the fields that it is sorted by."""
    known = [*columns, *(f"{DOWN}{name}" for name in columns)]
    wanted = chosen(request, "sort", known)
    name, is_down = wanted.removeprefix(DOWN), wanted.startswith(DOWN)
    fields = columns.get(name, otherwise)
    return Sorting(name, is_down, tuple(_turned(field) if is_down else field for field in fields))


def _turned(field: str) -> str:
    """Return the field in the other direction: a column of days counts down what its field counts up."""
    return field.removeprefix(DOWN) if field.startswith(DOWN) else f"{DOWN}{field}"

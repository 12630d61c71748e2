"""One table of the trial as a page: its rows as somebody filters and sorts them, within their rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection

from accounts.models import User
from accounts.permissions import Permission
from exports.cuts import Cut, plan_for_many
from exports.masking import Tells
from exports.models import ArmShown
from exports.selected.narrowing import narrowed, sparing_values, without_rows_of_arm
from exports.selected.selection import TESTS, WITHOUT_VALUE, ColumnFilter, Selection, TableView
from exports.tables import Codes, Column, File
from protocol.deviations import names_an_arm

ROWS_ON_PAGE: Final = 50
FILTERS: Final = 3
CHOICE: Final = "__"  # one choice of many, which the joined column says too


@dataclass(frozen=True)
class DataCell:
    """One cell: its value, and the words of its code where it is one."""

    value: str
    words: str = ""


@dataclass(frozen=True)
class DataPage:
    """Some rows of a table: its columns, the rows of this page, and how many there are."""

    columns: tuple[Column, ...]
    rows: list[list[DataCell]]
    total: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS_ON_PAGE))

    @property
    def before(self) -> int:
        return self.number - 1

    @property
    def after(self) -> int:
        return self.number + 1 if self.number < self.pages else 0


def view_in(asked: Mapping[str, Any], file: File, *, lists: Any) -> TableView:
    """Return the view that an address asks for; without columns every one but those of single choices."""
    columns = tuple(lists("column")) or usual_columns(file)
    filters = []
    for place in range(FILTERS):
        column, test = asked.get(f"where{place}", ""), asked.get(f"test{place}", "")
        value = asked.get(f"value{place}", "").strip()
        if column and test in TESTS and (value or test in WITHOUT_VALUE):
            filters.append(ColumnFilter(column, test, value))
    sort = asked.get("sort", "")
    order = (f"-{sort}" if asked.get("down") else sort,) if sort else ()
    return TableView(file.name, columns, tuple(filters), order)


def usual_columns(file: File) -> tuple[str, ...]:
    """Return the columns that are shown where none is chosen: every one but those of single choices."""
    return tuple(column.header for column in file.columns if CHOICE not in column.header)


def address_of(view: TableView, file: File) -> list[tuple[str, str]]:
    """Return what the address of the page says of a view; the usual columns need no saying."""
    said = [("column", name) for name in view.columns if view.columns != usual_columns(file)]
    for place, each in enumerate(view.filters):
        said += [(f"where{place}", each.column), (f"test{place}", each.test), (f"value{place}", each.value)]
    for name in view.order[:1]:
        said += [("sort", name.lstrip("-")), *([("down", "1")] if name[0] == "-" else [])]
    return said


def selection_of(view: TableView, file: File, person: User) -> Selection:
    """Return what an export of just the view holds, with the arm as the person may have it."""
    arm = ArmShown.SHOWN if _reads_arm(person) else ArmShown.ABSENT
    return Selection(tables=() if file.form else (file.name,), arm=arm.value, view=view)


def as_told_to(person: User, file: File) -> File:
    """Return the table without what says the arm, for who is not told it in lists (ADR 55).

    Rows that say it are on no page, whoever reads: keeping those of one arm would count them by it.
    """
    file = without_rows_of_arm(file)
    file = replace(file, columns=sparing_values(file.columns))
    if _reads_arm(person):
        return file
    kept = (each for each in file.columns if each.tells != Tells.ARM)
    return replace(file, columns=tuple(replace(each, codes=_spared(each.codes)) for each in kept))


def _spared(codes: Codes) -> Codes:
    """Return codes without words that name an arm, as the code of the restaging does."""
    return {code: label for code, label in codes.items() if not names_an_arm(str(label))}


def _reads_arm(person: User) -> bool:
    return person.may(Permission.EXPORT_ARM) and person.sites_with(Permission.ALLOCATION_LIST) is None


def page_of_data(file: File, chosen: Selection, cut: Cut, *, sites: list[str], number: int) -> DataPage:
    """Return one page of the rows that the view keeps, read in the open transaction."""
    seen = narrowed(file, chosen, cut).file or file  # no table is left out whole but where the arm is masked
    kept = chosen if chosen.view and chosen.view.filters else replace(chosen, view=None)
    counted = narrowed(file, kept, cut).file or file  # columns and order of a view change no count
    parameters = {"sites": sites, **chosen.parameters}
    first = (max(number, 1) - 1) * ROWS_ON_PAGE
    plan_for_many()
    with connection.cursor() as cursor:
        cursor.execute(counted.count, parameters)
        (total,) = cursor.fetchone()
        cursor.execute(seen.page(ROWS_ON_PAGE, after=first), parameters)
        rows = [
            [_cell(column, value) for column, value in zip(seen.columns, row, strict=True)]
            for row in cursor.fetchall()
        ]
    return DataPage(seen.columns, rows, total, max(number, 1))


def _cell(column: Column, value: Any) -> DataCell:
    text = "" if value is None else str(value)
    label = str(column.codes.get(text, "")) if text else ""
    return DataCell(text, "" if label == text else label)

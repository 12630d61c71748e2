"""The grid above the rows of a wide table: a line for each chosen question, a column for each row (protocol 3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crf.engine import messages
from crf.engine.answers import AnswerRow
from crf.engine.declaration import Group
from crf.engine.questions import Question


@dataclass(frozen=True)
class GridColumn:
    """One row of the table: its number or what it begins with, and the name under which its first answer stands."""

    title: str
    first: str


@dataclass(frozen=True)
class GridCell:
    """One answer in words, and the name of the field that it is given in."""

    name: str
    text: str


@dataclass(frozen=True)
class GridLine:
    """One question with its answer in each row."""

    question: Question
    cells: tuple[GridCell, ...]


@dataclass(frozen=True)
class Grid:
    """What the page shows; the fields themselves stand in the rows below."""

    columns: tuple[GridColumn, ...]
    lines: tuple[GridLine, ...]


def grid_of(group: Group, rows: Sequence[tuple[AnswerRow, str, str]], *, zone: str) -> Grid | None:
    """Return the grid of a table; ``rows`` come with the prefix of their fields and their title."""
    if not group.side_by_side or not rows:
        return None
    first = next(name for name in group.side_by_side if not group.questions[name].derived)
    return Grid(
        tuple(GridColumn(title, f"{prefix}-{first}") for _row, prefix, title in rows),
        tuple(_lines(group, rows, zone)),
    )


def _lines(group: Group, rows: Iterable[tuple[AnswerRow, str, str]], zone: str) -> Iterable[GridLine]:
    for name in group.side_by_side:
        question = group.questions[name]
        cells = (GridCell(f"{prefix}-{name}", _words(question, row, zone)) for row, prefix, _title in rows)
        yield GridLine(question, tuple(cells))


def _words(question: Question, row: AnswerRow, zone: str) -> str:
    why = row.get("missing", {}).get(question.name)
    return (
        messages.missing_text(why) if why else messages.display(question, row.get(question.name), zone=zone)
    )

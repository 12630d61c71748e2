"""What a format cannot hold: each cell that was shortened is counted, and its whole text stands in a file beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from exports.formats.kinds import FormatLimits
from exports.tables import File

if TYPE_CHECKING:
    from polars import DataFrame

LONG_TEXTS = "LONG_TEXTS.csv"
LONG_TEXT_COLUMNS = ["FILE", "ROW", "VARIABLE", "TEXT"]


class ShortenedInManifest(TypedDict):
    """What the manifest says of a column whose cells, label or labels of codes did not fit, or of rows (no column)."""

    variable: str
    what: str
    number: int
    most: int


@dataclass
class Shortenings:
    """What was shortened in a file; ``keep`` takes each whole text, a line as ``LONG_TEXT_COLUMNS`` say."""

    keep: Callable[[list[str]], object]
    told: list[ShortenedInManifest] = field(default_factory=list)

    def fitting_label(self, variable: str, label: str, limits: FormatLimits) -> str:
        """Return the label as the format holds it."""
        return self._fitting(variable, label, limits, limits.label, "label")

    def fitting_code_label(self, variable: str, label: str, limits: FormatLimits) -> str:
        """Return the label of a code as the format holds it."""
        return self._fitting(variable, label, limits, limits.code_label, "label of a code")

    def _fitting(self, variable: str, label: str, limits: FormatLimits, most: int | None, what: str) -> str:
        if most is not None and not limits.whole(label, most):
            self._tell(variable, what, 1, most)
        return limits.shortened(label, most)

    def _tell(self, variable: str, what: str, number: int, most: int) -> None:
        for each in self.told:
            if (each["variable"], each["what"]) == (variable, what):
                each["number"] += number
                return
        self.told.append({"variable": variable, "what": what, "number": number, "most": most})

    def tell_further_rows(self, number: int, most: int) -> None:
        """The manifest says how many rows stand on further sheets, where one does not hold them all."""
        if number > 0:
            self._tell("", "rows", number, most)

    def fitting_cells(
        self, file: File, frame: DataFrame, limits: FormatLimits, *, before: int = 0
    ) -> DataFrame:
        """Return the table with each text as the format holds it; ``before`` it came so many rows of the file."""
        import polars as pl

        most = limits.text
        if most is None:
            return frame
        for column in file.columns:
            name = column.header
            longest: Any = frame[name].str.len_bytes().max() if frame.schema[name] == pl.String else None
            if (longest or 0) <= most:
                continue  # as many characters have at least as many bytes
            cells = frame[name].to_list()
            long = [
                row for row, text in enumerate(cells) if text is not None and not limits.whole(text, most)
            ]
            if not long:
                continue
            self._tell(name, "text", len(long), most)
            for row in long:
                self.keep([file.name, str(before + row + 1), name, cells[row]])
            kept = [text if text is None else limits.shortened(text, most) for text in cells]
            frame = frame.with_columns(pl.Series(name, kept, dtype=pl.String))
        return frame

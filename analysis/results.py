"""Endpoints of many participants, counted: for everybody together, or by arm for who may see it (protocol 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.utils.translation import gettext as _

from analysis.columns import cells_of
from analysis.definitions import DEFINITIONS, EndpointDefinition, Text, warnings_of
from analysis.reading import DerivedParticipant
from kernel.punctuation import listed

YES_NO = {"Y", "N"}
MOST_CODES = 12  # more different values than that are no codes, they are numbers or days
LEFT_OUT = ("_REASON", "_DT")


@dataclass(frozen=True)
class ResultLine:
    """One column of the file of endpoints, counted for each group of participants."""

    column: str
    counted: tuple[str, ...]


@dataclass(frozen=True)
class ResultOfEndpoint:
    """One endpoint with its columns counted."""

    definition: EndpointDefinition
    lines: tuple[ResultLine, ...]

    @property
    def warnings(self) -> tuple[Text, ...]:
        """Return what is printed with its table."""
        return warnings_of(self.definition.code)


def results_of(
    rows: Sequence[DerivedParticipant], groups: Sequence[Iterable[str]] = ()
) -> list[ResultOfEndpoint]:
    """Count every endpoint over everybody, or over each of the groups of numbers."""
    cells = {each.facts.number: cells_of(each.values) for each in rows}
    chosen = [[cells[n] for n in group if n in cells] for group in groups] or [list(cells.values())]
    return [
        ResultOfEndpoint(
            each,
            tuple(
                ResultLine(
                    column, tuple(_counted([row[column] for row in group], column) for group in chosen)
                )
                for column in each.columns
                if not column.endswith(LEFT_OUT)
            ),
        )
        for each in DEFINITIONS
    ]


def _counted(values: list[str], column: str) -> str:
    """Say how many have which value, and of how many nothing is known; the median of days and numbers."""
    known = [value for value in values if value]
    unknown = len(values) - len(known)
    if column.endswith("_EVENT"):
        said = _("events: %(events)s of %(known)s") % {"events": known.count("1"), "known": len(known)}
    elif set(known) <= YES_NO:
        said = _("yes %(yes)s, no %(no)s") % {"yes": known.count("Y"), "no": known.count("N")}
    elif _are_numbers(known):
        middle = median(float(value) for value in known) if known else None
        said = _("median %(median)s of %(known)s") % {
            "median": "–" if middle is None else f"{middle:g}",
            "known": len(known),
        }
    else:
        said = _codes(Counter(known))
    return f"{said} · {_('not known %(number)s') % {'number': unknown}}" if unknown else said


def _are_numbers(values: list[str]) -> bool:
    return all(value.replace(".", "", 1).lstrip("-").isdigit() for value in values)


def _codes(counted: Mapping[str, int]) -> str:
    most = sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:MOST_CODES]
    return listed(f"{code} {number}" for code, number in most) or "–"

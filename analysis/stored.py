"""What is stored of one participant at a data cut, as rows of forms, before anything is derived from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Row = Mapping[str, Any]
NO_ROWS: tuple[Row, ...] = ()
NOTHING_STORED: Mapping[str, Any] = {}


@dataclass(frozen=True)
class StoredParticipant:
    """The rows that endpoints are derived from; nothing here says which arm somebody is in.

    ``forms`` holds the begun records of each form, ``groups`` the rows of a repeating group by ``FORM.group`` with
    the number of their record, ``milestones`` the days of the milestones that stand.
    """

    number: str
    rand: date
    protocol_version: str
    state: str = ""
    forms: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    groups: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    milestones: Mapping[str, date] = field(default_factory=dict)
    visits: Sequence[Row] = NO_ROWS
    left_on: date | None = None

    def rows(self, form: str) -> Sequence[Row]:
        """Return the records of a form."""
        return self.forms.get(form, NO_ROWS)

    def group(self, name: str) -> Sequence[Row]:
        """Return the rows of a repeating group of every record."""
        return self.groups.get(name, NO_ROWS)

    def last(self, form: str) -> Row:
        """Return the last record of a form; nothing where there is none."""
        rows = self.rows(form)
        return rows[-1] if rows else NOTHING_STORED

"""The versions that rows were given between two cuts, and the acts that wrote them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models

from audit.models import Act
from crf.models import ChangeReason
from exports.cuts import Cut
from exports.tables import Column, Origin, Part

OF_THE_TRAIL = ("pgh_", "act_id")


@dataclass(frozen=True)
class Step:
    """One version of a row that the earlier cut did not see: the act that wrote it, and what it changed."""

    act: int
    changed: dict[str, Any]
    is_first: bool


@dataclass
class Doings:
    """What happened to some rows between two cuts, by model and number of the row; acts and reasons by number."""

    steps: dict[tuple[type[models.Model], int], list[Step]] = field(default_factory=dict)
    acts: dict[int, Act] = field(default_factory=dict)
    reasons: dict[int, dict[str, str]] = field(default_factory=dict)

    def act_of_change(self, origin: Origin, numbers: list[int | None], column: Column) -> Act | None:
        """Return the last act that changed what the column reads, else the last that touched the row."""
        read = [
            step.act
            for part, steps in self._of(origin, numbers)
            for step in steps
            if _reads(column, part) & step.changed.keys()
        ]
        return self.acts[max(read)] if read else self.last_act(origin, numbers)

    def last_act(self, origin: Origin, numbers: list[int | None]) -> Act | None:
        """Return the last act that wrote one of the rows."""
        every = [step.act for _part, steps in self._of(origin, numbers) for step in steps]
        return self.acts[max(every)] if every else None

    def first_act(self, origin: Origin, numbers: list[int | None]) -> Act | None:
        """Return the act that made the row, else the last that touched what it is made of."""
        begun = [step.act for _part, steps in self._of(origin, numbers) for step in steps if step.is_first]
        return self.acts[min(begun)] if begun else self.last_act(origin, numbers)

    def reason_of(self, act: Act, column: Column | None) -> str:
        """Return why: the reason that the answer was given for itself, else that of the act."""
        own = self.reasons.get(act.pk, {})
        name = column.variable.name if column is not None and column.variable is not None else ""
        of_answer = [text for target, text in own.items() if name and re.split(r"\W", target)[-1] == name]
        return "; ".join(dict.fromkeys(of_answer)) or act.reason or "; ".join(dict.fromkeys(own.values()))

    def _of(self, origin: Origin, numbers: list[int | None]) -> Iterator[tuple[Part, list[Step]]]:
        for part, number in zip(origin.parts, numbers, strict=True):
            if number is not None:
                yield part, self.steps.get((part.model, number), [])


def doings_of(origin: Origin, rows: Iterable[list[int | None]], before: Cut, after: Cut) -> Doings:
    """Return what happened between two cuts to the rows whose parts have these numbers."""
    made, listed = Doings(), list(rows)
    for place, part in enumerate(origin.parts):
        numbers = {row[place] for row in listed} - {None}
        if numbers:
            made.steps |= {
                (part.model, number): steps
                for number, steps in _steps(part.model, list(numbers), before, after).items()
            }
    numbers_of_acts = {step.act for steps in made.steps.values() for step in steps}
    made.acts = {act.pk: act for act in Act.objects.filter(pk__in=numbers_of_acts).select_related("by")}
    for reason in ChangeReason.objects.filter(act__in=numbers_of_acts):
        made.reasons.setdefault(reason.act_id, {})[reason.target] = reason.text
    return made


def _steps(model: type[models.Model], numbers: list[Any], before: Cut, after: Cut) -> dict[int, list[Step]]:
    """Return the steps of each row; each is what differs from the version before it."""
    table = f"{model._meta.db_table}event"
    steps: dict[int, list[Step]] = {}
    former: dict[str, Any] = {}
    last = None
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.pgh_obj_id, e.act_id, {before.saw('e.act_id')}, to_jsonb(e)::text FROM {table} e "  # noqa: S608
            f"WHERE e.pgh_obj_id = ANY(%s) AND {after.saw('e.act_id')} ORDER BY e.pgh_obj_id, e.pgh_id",
            [numbers],
        )
        for number, act, was_seen, version in cursor.fetchall():
            row = _told(version)
            is_first = number != last
            if not was_seen:
                changed = row if is_first else {k: v for k, v in row.items() if former.get(k) != v}
                steps.setdefault(number, []).append(Step(act, changed, is_first))
            former, last = row, number
    return steps


def _told(version: str) -> dict[str, Any]:
    """Return what a version says; why answers are missing is said one by one."""
    row = {name: value for name, value in json.loads(version).items() if not name.startswith(OF_THE_TRAIL)}
    missing = row.get("missing")
    if isinstance(missing, dict):
        row |= {f"missing ->> {name}": reason for name, reason in missing.items()}
    return row


def _reads(column: Column, part: Part) -> set[str]:
    """Return the columns of the part's table that the column of the file is worked out from."""
    reasons = {
        f"missing ->> {name}" for name in re.findall(rf"\b{part.alias}\.missing ->> '(\w+)'", column.sql)
    }
    return reasons or set(re.findall(rf'\b{part.alias}\."?(\w+)"?', column.sql))

"""A selection in the words of the reader, as the register shows it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crf.engine.base import RecordState
from exports.models import ArmShown
from exports.selected.selection import TESTS, Selection, TableView
from kernel.punctuation import listed

Line = tuple[str | Promise, str | Promise]


def selection_in_words(chosen: Selection) -> list[Line]:
    """Return what narrows an export, a line for each part, and how the arm is told."""
    return list(_lines(chosen))


def _lines(chosen: Selection) -> Iterator[Line]:
    narrowing: list[Line] = [
        (_("Participants"), listed(chosen.participants)),
        (_("Visits"), listed(chosen.visits)),
        (_("States of records"), listed(RecordState(state).label for state in chosen.states)),
        (_("Changed from"), chosen.since.isoformat() if chosen.since else ""),
        (_("Changed until"), chosen.until.isoformat() if chosen.until else ""),
        (
            _("Identifying answers"),
            _("with answers that could say who a participant is") if chosen.identifying else "",
        ),
    ]
    yield _("Arm"), ArmShown(chosen.arm).label
    yield from ((name, words) for name, words in narrowing if words)
    if chosen.tables is not None:
        yield _("Tables beside the forms"), listed(chosen.tables) or _("none")
    if chosen.view:
        yield from _view(chosen.view)


def _view(view: TableView) -> Iterator[Line]:
    yield _("Table"), view.file
    if view.columns:
        yield _("Columns"), listed(view.columns)
    for each in view.filters:
        yield _("Only rows where"), f"{each.column} {TESTS[each.test]} {each.value}".strip()
    if view.order:
        yield _("Sorted by"), listed(view.order)

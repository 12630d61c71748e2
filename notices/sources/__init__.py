"""What may wait too long, source by source.

A source is a function ``(site, *, on, at) -> Iterable[Alert]``. It yields what waits *now*, at the level it has
reached: what is settled is simply not named any more, and is then not sent either.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from notices.alerts import Alert, Source
from notices.sources.records import decisions, deviations, overdue_forms, queries
from notices.sources.safety import safety_clocks
from notices.sources.states import overdue_states
from notices.sources.todos import todos
from notices.sources.training import training
from trials.models import Site

SOURCES: Final[tuple[Source, ...]] = (
    safety_clocks,
    todos,
    overdue_states,
    training,
    queries,
    decisions,
    overdue_forms,
    deviations,
)


def alerts_at(site: Site, *, on: date, at: datetime) -> list[Alert]:
    """Return everything that waits too long at the site, from every source."""
    return [alert for source in SOURCES for alert in source(site, on=on, at=at)]

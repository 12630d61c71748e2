"""States that last longer than the protocol allows: each ends at a visit, whose window says by when (protocol 2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import (
    Case,
    DateField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from followup.models import Visit
from protocol.loader.schema import TrackRule
from protocol.text import load, versions
from trials.models import Milestone


def with_limit() -> dict[str, Case | Coalesce]:
    """Return, for a query of participants, the last day that their state may have, and the visit that it ends at.

    While none of its visits is planned, the days of the protocol count from the day on which it was entered. All are
    None where the state is open-ended; ``awaited_on`` is the date of the milestone that it awaits.
    """
    return {
        "ends_by": Coalesce(_of_state("closes", DateField()), Case(*_lasting(), default=None)),
        "ends_at_visit": _of_state("pk", IntegerField()),
        "awaited_on": Case(*_awaiting(), default=None, output_field=DateField()),
    }


def overdue(rows: Any, *, on: date) -> Any:
    """Return the participants whose state should have ended before ``on``, longest overdue first."""
    limited = {track.code for _here, track in _states()}
    late = rows.filter(state__in=limited).annotate(**with_limit()).filter(ends_by__lt=on)
    return late.order_by("ends_by", "number")


def _states() -> Iterator[tuple[Q, TrackRule]]:
    """Yield each state that has an end, as each version of the protocol has it."""
    for version in versions():
        for track in load(version).tracks:
            if track.ends_at:
                yield Q(state=track.code, protocol_version=version), track


def _lasting() -> Iterator[When]:
    for here, track in _states():
        last = ExpressionWrapper(F("state_since") + Value(track.lasts_days), output_field=DateField())
        yield When(here, then=last)


def _awaiting() -> Iterator[When]:
    dated = Milestone.objects.filter(participant=OuterRef("pk")).values("on")
    for here, track in _states():
        if track.awaits:
            yield When(here, then=Subquery(dated.filter(code=track.awaits)[:1]))


def _of_state(column: str, kind: Any) -> Case:
    return Case(*_whens(column), default=None, output_field=kind)


def _whens(column: str) -> Iterator[When]:
    """Each state of each version asks for the visits at which it ends: of several, for the last one."""
    planned = Visit.objects.filter(participant=OuterRef("pk"), closes__isnull=False).current()
    last_first = planned.order_by(F("closes").desc(), "-pk")
    for here, track in _states():
        ending = last_first.filter(code__in=track.ends_at).values(column)[:1]
        yield When(here, then=Subquery(ending))

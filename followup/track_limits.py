"""States that last longer than the protocol allows: each ends at a visit, whose window says by when (protocol 2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Case, DateField, F, IntegerField, OuterRef, Subquery, When

from followup.models import Visit
from protocol.text import load, versions


def with_limit() -> dict[str, Case]:
    """Return, for a query of participants, the last day that their state may have, and the visit that it ends at.

    Both are None where the state is open-ended, or its visit is not planned.
    """
    return {"ends_by": _of_state("closes", DateField()), "ends_at_visit": _of_state("pk", IntegerField())}


def overdue(rows: Any, *, on: date) -> Any:
    """Return the participants whose state should have ended before ``on``, longest overdue first."""
    limited = {track.code for version in versions() for track in load(version).tracks if track.ends_at}
    late = rows.filter(state__in=limited).annotate(**with_limit()).filter(ends_by__lt=on)
    return late.order_by("ends_by", "number")


def _of_state(column: str, kind: Any) -> Case:
    return Case(*_whens(column), default=None, output_field=kind)


def _whens(column: str) -> Iterator[When]:
    """Each state of each version asks for the visits at which it ends: of several, for the last one."""
    planned = Visit.objects.filter(participant=OuterRef("pk"), closes__isnull=False).current()
    last_first = planned.order_by(F("closes").desc(), "-pk")
    for version in versions():
        for track in load(version).tracks:
            if track.ends_at:
                ending = last_first.filter(code__in=track.ends_at).values(column)[:1]
                yield When(state=track.code, protocol_version=version, then=Subquery(ending))

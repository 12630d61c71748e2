"""States that last longer than the protocol allows: each ends at a visit, whose window says by when (protocol 2.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from django.db.models import (
    Case,
    DateField,
    ExpressionWrapper,
    F,
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


def with_limit() -> dict[str, Case | Coalesce | Subquery]:
    """Return, for a query of participants, the last day that their state may have, and the visit that it ends at.

    While none of its visits is planned, the days of the protocol count from the day on which it was entered. All are
    None where the state is open-ended; ``awaited_on`` is the date of the milestone that it awaits.
    """
    return {
        "ends_by": Coalesce(_of_ending_visit("closes"), Case(*_lasting(), default=None)),
        "ends_at_visit": _of_ending_visit("pk"),
        "awaited_on": _awaited(),
    }


def overdue(rows: Any, *, on: date) -> Any:
    """Return the participants whose state should have ended before ``on``, longest overdue first."""
    limited = {track.code for _version, track in _states()}
    late = rows.filter(state__in=limited).annotate(**with_limit()).filter(ends_by__lt=on)
    return late.order_by("ends_by", "number")


def _states() -> Iterator[tuple[str, TrackRule]]:
    """Yield each state that has an end, as each version of the protocol has it."""
    for version in versions():
        for track in load(version).tracks:
            if track.ends_at:
                yield version, track


def _alike(rule: Callable[[TrackRule], Any]) -> Iterator[tuple[Any, list[str], list[str]]]:
    """Yield what states have by the rule, the states that have it, and the versions in which they have it.

    A question to the database is written once for all that share an answer: written for each state of each version,
    it cost a work list more than everything else on it.
    """
    in_versions: dict[tuple[Any, str], list[str]] = defaultdict(list)
    for version, track in _states():
        in_versions[rule(track), track.code].append(version)
    alike: dict[tuple[Any, tuple[str, ...]], list[str]] = defaultdict(list)
    for (value, code), its_versions in in_versions.items():
        alike[value, tuple(its_versions)].append(code)
    for (value, seen_in), codes in alike.items():
        yield value, codes, list(seen_in)


def _lasting() -> Iterator[When]:
    for days, states, in_versions in _alike(lambda track: track.lasts_days):
        last = ExpressionWrapper(F("state_since") + Value(days), output_field=DateField())
        yield When(Q(state__in=states, protocol_version__in=in_versions), then=last)


def _awaited() -> Subquery:
    of_state = Q(pk__in=())
    for code, states, in_versions in _alike(lambda track: track.awaits):
        if code:
            of_state |= _where(states, in_versions, code=code)
    dated = Milestone.objects.filter(of_state, participant=OuterRef("pk"))
    return Subquery(dated.values("on")[:1])


def _of_ending_visit(column: str) -> Subquery:
    """Return a column of the visit at which the state ends: of several, of the last one."""
    of_state = Q(pk__in=())
    for ends_at, states, in_versions in _alike(lambda track: tuple(track.ends_at)):
        of_state |= _where(states, in_versions, code__in=ends_at)
    planned = Visit.objects.filter(of_state, participant=OuterRef("pk"), closes__isnull=False).current()
    return Subquery(planned.order_by(F("closes").desc(), "-pk").values(column)[:1])


def _where(states: list[str], in_versions: list[str], **rows: Any) -> Q:
    return Q(participant__state__in=states, participant__protocol_version__in=in_versions, **rows)

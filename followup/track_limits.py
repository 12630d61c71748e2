"""States that last longer than the protocol allows: each ends at a visit, whose window says by when (protocol 2.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateField,
    ExpressionWrapper,
    F,
    Field,
    Func,
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


def with_limit() -> dict[str, Any]:
    """Return, for a query of participants, the last day that their state may have, and the visit that it ends at.

    While none of its visits is planned, the days of the protocol count from the day on which it was entered. All are
    None where the state is open-ended; ``awaited_on`` is the date of the milestone that it awaits.
    """
    return {
        "ending_codes": _by_state(lambda track: tuple(track.ends_at), (), ArrayField(CharField())),
        "ends_by": Coalesce(_of_ending_visit("closes"), Case(*_lasting(), default=None)),
        "ends_at_visit": _of_ending_visit("pk"),
        "awaited_code": _by_state(lambda track: track.awaits or "", "", CharField()),
        "awaited_on": Subquery(
            Milestone.objects.filter(participant=OuterRef("pk"), code=OuterRef("awaited_code")).values("on")[
                :1
            ]
        ),
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


def _alike(rule: Callable[[TrackRule], Any]) -> Iterator[tuple[Any, Q]]:
    """Yield what states have by the rule, and which participants are in such a state in such a version.

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
        yield value, Q(state__in=codes, protocol_version__in=seen_in)


def _lasting() -> Iterator[When]:
    for days, which in _alike(lambda track: track.lasts_days):
        last = ExpressionWrapper(F("state_since") + Value(days), output_field=DateField())
        yield When(which, then=last)


def _by_state(rule: Callable[[TrackRule], Any], default: Any, kind: Field[Any, Any]) -> Case:
    """Return a value of the participant's state by the version of their protocol."""
    cases = [When(which, then=Value(value, output_field=kind)) for value, which in _alike(rule) if value]
    return Case(*cases, default=Value(default, output_field=kind), output_field=kind)


class _IsOneOf(Func):
    """Whether a column is one of an array that is worked out for each participant: an index finds it."""

    arg_joiner = " = ANY("
    template = "%(expressions)s)"
    output_field = BooleanField()


def _of_ending_visit(column: str) -> Subquery:
    """Return a column of the visit at which the state ends: of several, of the last one."""
    ends_at = _IsOneOf("code", OuterRef("ending_codes"))
    planned = Visit.objects.filter(ends_at, participant=OuterRef("pk"), closes__isnull=False).current()
    return Subquery(planned.order_by(F("closes").desc(), "-pk").values(column)[:1])

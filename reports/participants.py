"""The list of participants: one page of it in a constant number of queries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import BooleanField, Count, Func, Q, Value

from crf.models import Query
from followup.models import Visit
from followup.track_limits import overdue, with_limit
from kernel.reading import hyphened, number_of_participant
from reports.overdue_states import OverdueState, overdue_state
from trials.models import Participant

SITE_AND_HYPHEN: Final = re.compile(r"\d\d-")


@dataclass(frozen=True)
class ParticipantLine:
    """One participant of the list, with what comes next and what is still open."""

    participant: Participant
    next_visit: Visit | None
    open_queries: int
    overdue: OverdueState | None
    arm: str


def narrowed(
    rows: Any,
    *,
    today: date,
    number: str = "",
    site: str = "",
    state: str = "",
    arm: str = "",
    randomized: str = "",
    late: str = "",
) -> Any:
    """Return the participants that fit, with the limits of their states; an empty filter lets all through."""
    if number:
        rows = numbered(rows, number)
    if site:
        rows = rows.filter(site__code=site)
    if state:
        rows = rows.filter(state=state)
    if arm in {"1", "2"}:
        rows = rows.filter(arm=arm)
    if randomized:
        rows = rows.filter(arm__isnull=randomized != "yes")
    rows = overdue(rows, on=today) if late == "yes" else rows.annotate(**with_limit())
    return rows.select_related("site").order_by("number")


def numbered(rows: Any, typed: str) -> Any:
    """Return the participants whose number holds what was typed, or is it in short: 01-4 for 01-0004."""
    part, whole = hyphened(typed), number_of_participant(typed)
    if SITE_AND_HYPHEN.match(
        part
    ):  # can only be the beginning, which an index finds behind a policy; LIKE reads all
        begins = Func("number", Value(part), function="starts_with", output_field=BooleanField())
        return rows.filter(Q(begins) | Q(number=whole))
    return rows.filter(Q(number__icontains=part) | Q(number=whole))


def lines(
    participants: Sequence[Participant], *, today: date, arms_at: Collection[int] | None
) -> list[ParticipantLine]:
    """Return the lines of one page: two queries, however long the page.

    The arm stands beside those of the sites ``arms_at``; with None beside everybody.
    """
    ids = [participant.pk for participant in participants]
    coming = (
        Visit.objects.filter(participant__in=ids)
        .awaited()
        .order_by("participant_id", "closes", "pk")
        .distinct("participant_id")
    )
    next_visit = {visit.participant_id: visit for visit in coming}
    counted = (
        Query.objects.filter(participant__in=ids)
        .living()
        .order_by()
        .values("participant")
        .annotate(n=Count("pk"))
    )
    queries = Counter({row["participant"]: row["n"] for row in counted})
    return [
        ParticipantLine(
            one,
            next_visit.get(one.pk),
            queries[one.pk],
            overdue_state(one, today=today),
            (one.arm or "") if arms_at is None or one.site_id in arms_at else "",
        )
        for one in participants
    ]

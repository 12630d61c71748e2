"""How many asked for a call: numbers by site and month, which feed the top of the CONSORT diagram."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from trials.models import ContactRequest
from trials.models.requests import OPEN_STATES, RequestState


@dataclass(frozen=True)
class Count:
    """The requests of one site in one month, by where they ended."""

    site: str
    month: date
    received: int
    by_state: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> int:
        return sum(self.by_state.get(state, 0) for state in OPEN_STATES)

    @property
    def screened(self) -> int:
        return self.by_state.get(RequestState.SCREENED, 0)

    @property
    def closed_otherwise(self) -> int:
        return self.received - self.open - self.screened


def count_requests(*, until: date | None = None) -> list[Count]:
    """Return the counts, latest month first. Only numbers leave this function: it reads as the system does.

    They outlive the erasure of who it was, because the request itself names nobody and stays.
    """
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        rows = ContactRequest.objects.values_list("site__code", "site__time_zone", "received_at", "state")
        counts: dict[tuple[date, str], Counter[str]] = {}
        for code, zone, received_at, state in rows.iterator():
            day = local_date(received_at, zone)
            if until is None or day <= until:
                counts.setdefault((day.replace(day=1), code), Counter())[state] += 1
    ordered = sorted(counts, key=lambda key: (-key[0].toordinal(), key[1]))
    return [
        Count(code, month, counts[month, code].total(), dict(counts[month, code])) for month, code in ordered
    ]


def asked_for_a_call(*, until: date | None = None) -> int:
    """Return how many requests there were in all: the first box of the CONSORT diagram."""
    return sum(count.received for count in count_requests(until=until))

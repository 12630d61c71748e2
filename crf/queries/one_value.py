"""What several checks ask about one and the same answer is answered once.

Each check keeps a query of its own, so that what it brought is counted; a person says for all of them why the answer
is right, as on the page of the form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from crf.engine.checks import Level
from crf.models import Query, QueryState
from crf.queries.list import line_of
from crf.queries.services import answer_query, confirm_answer
from kernel.row_keys import row_key


@dataclass(frozen=True)
class OtherQuestion:
    """What another check asks about the same answer."""

    key: str
    href: str
    text: str


def answer_at_value(
    *, query: Query, text: str, by: User, at: datetime, apart: Collection[int] = ()
) -> list[Query]:
    """The site has answered, also what other checks ask about this answer; queries of ``apart`` have their own words.

    Refuses: as ``answer_query``. Locks: each query.
    """
    with transaction.atomic():
        asked = [query, *others_at_value(query, apart)]
        return [answer_query(query=each, text=text, by=by, at=at) for each in asked]


def confirm_at_value(
    *, query: Query, reason: str, by: User, at: datetime, apart: Collection[int] = ()
) -> list[Query]:
    """The answer is right, because ``reason``, whatever checks doubt it; queries of ``apart`` have their own words.

    Refuses: as ``confirm_answer``. Locks: each query.
    """
    with transaction.atomic():
        asked = [query, *others_at_value(query, apart)]
        return [confirm_answer(query=each, reason=reason, by=by, at=at) for each in asked]


def others_at_value(query: Query, apart: Collection[int] = ()) -> list[Query]:
    """Return the other queries of checks about the same answer that nobody has answered yet."""
    if (place := place_of(query)) is None:
        return []
    record, target = place
    asked = Query.objects.filter(record_id=record, target=target, state=QueryState.OPEN)
    others = asked.filter(level=Level.SOFT).exclude(key="").exclude(pk__in=[query.pk, *apart])
    joined = ("participant__site", "site", "visit", "assigned_to", "record")
    return list(others.select_related(*joined).order_by("pk"))


def place_of(query: Query) -> tuple[int, str] | None:
    """Return the answer that a check doubts; none where a person asks, what is impossible, or no one answer."""
    doubts = query.is_system and query.level == Level.SOFT and query.state == QueryState.OPEN
    return (query.record_id, query.target) if doubts and query.record_id and query.target else None


def questions_of(queries: Iterable[Query], *, reader: User, at: datetime) -> tuple[OtherQuestion, ...]:
    """Return what the queries ask, as lists show it to the reader."""
    return tuple(
        OtherQuestion(row_key(query), query.get_absolute_url(), line_of(query, reader=reader, at=at).text)
        for query in queries
    )

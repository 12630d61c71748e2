"""What can be done with many rows at once: queries are closed or assigned, rows of a list are asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf.models import Query, QueryState
from crf.queries.assigning import Assignee
from crf.queries.bulk import BulkStep
from crf.queries.list import line_of
from crf.queries.places import QueryPlace, places_of
from crf.queries.refusals import WordsNeeded
from crf.queries.services import assign_query, close_query, raise_query
from kernel.errors import Refusal
from kernel.row_keys import row_key, row_of
from trials.models import Participant


class AlreadyAsked(Refusal):
    code = "crf.already_asked"
    message = _("Query {query} asks about the same and is not closed yet.")


class AssignedAlready(Refusal):
    code = "crf.assigned_already"
    message = _("This query is assigned so already.")


@dataclass(frozen=True)
class BulkRequest:
    """The rows that were chosen in a list, and what is said with them."""

    rows: tuple[str, ...]
    text: str = ""
    assignee: str = ""
    target: str = ""
    day: str = ""


@dataclass(frozen=True)
class BulkKind:
    """One step that is taken with many rows, under the verb of its act."""

    verb: str
    title: Promise
    button: Promise
    permission: Permission
    steps: Callable[..., list[BulkStep]]
    done: Callable[[int], str]


def _closing(said: BulkRequest, *, by: User, at: datetime) -> list[BulkStep]:
    return [
        _step(
            query,
            (QueryState(query.state).label, QueryState.CLOSED.label),
            partial(close_query, query=query, text=said.text, by=by, at=at),
            by=by,
            at=at,
        )
        for query in _queries(said, by, Permission.QUERY_CLOSE)
    ]


def _assigning(said: BulkRequest, *, by: User, at: datetime) -> list[BulkStep]:
    nobody, to = gettext("nobody in particular"), Assignee.read(said.assignee)
    return [
        _step(
            query,
            (Assignee.of(query).in_words() or nobody, to.in_words() or nobody),
            partial(_assign, query, to, by=by, at=at),
            by=by,
            at=at,
        )
        for query in _queries(said, by, Permission.QUERY_RAISE)
    ]


def _assign(query: Query, to: Assignee, *, by: User, at: datetime) -> Query:
    if Assignee.of(query) == to:
        raise AssignedAlready
    return assign_query(query=query, assignee=str(to), by=by, at=at)


def _queries(said: BulkRequest, by: User, permission: Permission) -> Any:
    numbers = [number for row in said.rows if (number := row_of("query", row)) is not None]
    rows = Query.objects.open_to(by, permission).filter(pk__in=numbers)
    joined = ("participant__site", "site", "visit", "assigned_to")
    return rows.select_related(*joined).prefetch_related("messages")


def _step(
    query: Query, change: tuple[Any, Any], does: Callable[[], Any], *, by: User, at: datetime
) -> BulkStep:
    line = line_of(query, reader=by, at=at)
    parts = (row_key(query), query.participant.number, line.form_title, line.label, line.text)
    label = " · ".join(part for part in parts if part)
    return BulkStep(f"{query.pk:018}", query.participant_id, label, *change, does)


def _raising(said: BulkRequest, *, by: User, at: datetime) -> list[BulkStep]:
    """Return the steps that ask about rows; none is asked where a query about the same is not closed yet."""
    if not said.text.strip():
        raise WordsNeeded
    return [
        BulkStep(
            key=place.key,
            participant_id=place.participant.pk,
            label=place.label,
            before=_("no query"),
            after=_("a query to the site"),
            does=partial(_ask, place, said, by=by, at=at),
        )
        for place in places_of(said.rows, target=said.target, by=by)
    ]


def _ask(place: QueryPlace, said: BulkRequest, *, by: User, at: datetime) -> Query:
    Participant.objects.lock(place.participant.pk)
    if asked := place.living_query():
        raise AlreadyAsked(query=row_key(asked))
    return raise_query(
        record_key=place.record_key(),
        target=place.target,
        text=said.text,
        assignee=said.assignee,
        by=by,
        at=at,
    )


def _queries_done(number: int) -> str:
    return ngettext("{number} query is updated.", "{number} queries are updated.", number)


KINDS: Final[Mapping[str, BulkKind]] = {
    "close": BulkKind(
        "crf:queries:close",
        _("Close the chosen queries"),
        _("Close these queries"),
        Permission.QUERY_CLOSE,
        _closing,
        _queries_done,
    ),
    "assign": BulkKind(
        "crf:queries:assign",
        _("Assign the chosen queries"),
        _("Assign these queries"),
        Permission.QUERY_RAISE,
        _assigning,
        _queries_done,
    ),
    "raise": BulkKind(
        "crf:queries:raise",
        _("Raise a query for each chosen row"),
        _("Raise these queries"),
        Permission.QUERY_RAISE,
        _raising,
        _queries_done,
    ),
}

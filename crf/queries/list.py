"""The list of queries: filtered, each with its question in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine import messages
from crf.links import form_url
from crf.models import Query, QueryState
from crf.queries.sparing import is_spared, spared_words
from crf.queries.system import short_question
from kernel.pagination import BoundedPaginator
from kernel.reading import number_of_participant

PER_PAGE = 50
AGES: Mapping[str, tuple[str | Promise, int]] = {
    "7": (_("older than 7 days"), 7),
    "14": (_("older than 14 days"), 14),
    "30": (_("older than 30 days"), 30),
}
STATES: tuple[tuple[str, str | Promise], ...] = (
    ("living", _("Not closed")),
    *QueryState.choices,
    ("all", _("All")),
)


@dataclass(frozen=True)
class QueryLine:
    """One query of the list."""

    query: Query
    text: str
    form_title: str
    label: str
    days: int
    href: str


def lines_of(user: User, chosen: Mapping[str, str], *, at: datetime) -> tuple[Page[Query], list[QueryLine]]:
    """Return one page of the queries that ``chosen`` asks for, in a constant number of queries."""
    page = BoundedPaginator(_found(user, chosen, at), PER_PAGE).get_page(chosen.get("page"))
    return page, [line_of(query, reader=user, at=at) for query in page.object_list]


def _found(user: User, chosen: Mapping[str, str], at: datetime) -> Any:
    queries = Query.objects.open_to(user, Permission.QUERY_VIEW)
    state = chosen.get("state") or "living"
    if state == "living":
        queries = queries.living()
    elif state in QueryState.values:
        queries = queries.filter(state=state)
    if code := chosen.get("site"):
        queries = queries.filter(site__code=code)
    if code := chosen.get("form"):
        queries = queries.filter(form_code=code)
    if number := number_of_participant(chosen.get("participant", "")):
        queries = queries.filter(participant__number=number)
    if chosen.get("age") in AGES:
        queries = queries.filter(opened_at__lt=at - timedelta(days=AGES[chosen["age"]][1]))
    return queries.select_related("participant", "site", "visit").prefetch_related("messages")


def line_of(query: Query, *, reader: User, at: datetime) -> QueryLine:
    """Return a query as lists show it to the reader."""
    form = catalogue.forms().get(query.form_code)
    question = messages.question_at(form, query.target) if form else None
    label, spared = str(question.text) if question else query.target, is_spared(query, reader)
    return QueryLine(
        query=query,
        text=spared_words() if spared else short_question(form, query, query.messages.all()),
        form_title=str(form.title) if form else query.form_code,
        label="" if spared else label,
        days=((query.closed_at or at) - query.opened_at).days,
        href=place_url(query),
    )


def place_url(query: Query) -> str:
    """Return where the answer that a query is about can be mended."""
    if query.form_code not in catalogue.forms():
        return query.participant.get_absolute_url()
    url = form_url(
        query.participant.number, query.form_code, visit_id=query.visit_id, sequence=query.sequence
    )
    return f"{url}#q-{query.target}" if query.target and "." not in query.target else url

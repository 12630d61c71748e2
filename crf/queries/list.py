"""The list of queries: filtered, each with its question and its values in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine import messages
from crf.links import form_url
from crf.models import Query, QueryState
from crf.queries.assigning import Assignee, assigned_to_reader
from crf.queries.sparing import is_spared_in_lists, refuse_check_of_arm, spared_words
from crf.queries.system import form_asked, short_question
from crf.queries.values import QueryValue, values_of_queries
from kernel.pagination import BoundedPaginator, count_up_to, in_words
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
    ("to_review", _("Answered, to be reviewed")),
    ("all", _("All")),
)
ASSIGNED: Final[Mapping[str, Promise]] = {
    "me": _("To me, or to my role"),
    "nobody": _("To nobody in particular"),
}
FILTERS: Final = ("participant", "site", "form", "state", "age", "assigned", "check")


@dataclass(frozen=True)
class QueryLine:
    """One query of the list."""

    query: Query
    text: str
    form_title: str
    label: str
    days: int
    href: str
    assigned: str
    values: tuple[QueryValue, ...] = ()


@dataclass(frozen=True)
class Neighbours:
    """Where a query stands in a list: the one before it, the one after it, and how many there are."""

    previous: int | None
    next: int | None
    number: int
    of: str


def lines_of(
    user: User, chosen: Mapping[str, str], *, at: datetime, order: tuple[str, ...] = ()
) -> tuple[Page[Query], list[QueryLine]]:
    """Return one page of the queries that ``chosen`` asks for, in a constant number of queries."""
    queries = chosen_queries(user, chosen, at=at)
    queries = queries.order_by(*order) if order else queries
    page = BoundedPaginator(queries, PER_PAGE).get_page(chosen.get("page"))
    return page, lines_for(list(page.object_list), reader=user, at=at)


def lines_for(queries: list[Query], *, reader: User, at: datetime) -> list[QueryLine]:
    """Return queries as lists show them to the reader, with their values."""
    values = values_of_queries(queries, reader)
    return [line_of(query, reader=reader, at=at, values=values.get(query.pk, ())) for query in queries]


def chosen_queries(user: User, chosen: Mapping[str, str], *, at: datetime) -> Any:
    """Return the queries that ``chosen`` asks for, of the sites where the person may see them, the oldest first.

    Refuses: a check that looks at the arm.
    """
    refuse_check_of_arm(chosen.get("check"))
    queries = Query.objects.open_to(user, Permission.QUERY_VIEW)
    state = chosen.get("state") or "living"
    if state == "living":
        queries = queries.living()
    elif state == "to_review":
        queries = queries.to_review()
    elif state in QueryState.values:
        queries = queries.filter(state=state)
    wanted = {
        "site__code": chosen.get("site"),
        "form_code": chosen.get("form"),
        "check_code": chosen.get("check"),
        "participant__number": number_of_participant(chosen.get("participant", "")),
    }
    queries = queries.filter(**{column: value for column, value in wanted.items() if value})
    if chosen.get("age") in AGES:
        queries = queries.filter(opened_at__lt=at - timedelta(days=AGES[chosen["age"]][1]))
    if chosen.get("assigned") == "me":
        queries = assigned_to_reader(queries, user)
    elif chosen.get("assigned") == "nobody":
        queries = queries.filter(assigned_role=None, assigned_to=None)
    return queries.select_related("participant", "site", "visit", "assigned_to", "record").prefetch_related(
        "messages"
    )


def filters_in(chosen: Mapping[str, str]) -> str:
    """Return the filters for an address, without the page."""
    return urlencode({name: chosen[name] for name in FILTERS if chosen.get(name)})


def neighbours_of(query: Query, user: User, chosen: Mapping[str, str], *, at: datetime) -> Neighbours:
    """Return where the query stands in the list that ``chosen`` asks for, whether it is still in it or not."""
    queries = chosen_queries(user, chosen, at=at).select_related(None).prefetch_related(None)
    earlier = Q(opened_at__lt=query.opened_at) | Q(opened_at=query.opened_at, pk__lt=query.pk)
    later = Q(opened_at__gt=query.opened_at) | Q(opened_at=query.opened_at, pk__gt=query.pk)
    before, after = queries.filter(earlier), queries.filter(later)
    return Neighbours(
        previous=before.order_by("-opened_at", "-pk").values_list("pk", flat=True).first(),
        next=after.order_by("opened_at", "pk").values_list("pk", flat=True).first(),
        number=count_up_to(before) + 1,
        of=in_words(count_up_to(queries)),
    )


def line_of(query: Query, *, reader: User, at: datetime, values: tuple[QueryValue, ...] = ()) -> QueryLine:
    """Return a query as lists show it to the reader."""
    form, spared = form_asked(query), is_spared_in_lists(query, reader)
    label = messages.label_at(form, query.target) if form and query.target else query.target
    return QueryLine(
        query=query,
        text=spared_words() if spared else short_question(form, query, query.messages.all()),
        form_title=str(form.title) if form else query.form_code or about_no_form(query),
        label="" if spared else label,
        days=((query.closed_at or at) - query.opened_at).days,
        href=place_url(query),
        assigned=query.assigned_to.display_name
        if query.assigned_to
        else Assignee(role=query.assigned_role or "").in_words(),
        values=values,
    )


def about_no_form(query: Query) -> str:
    """Return what a query is about that is about no form."""
    return _now("The visit") if query.visit_id else _now("The participant")


def place_url(query: Query) -> str:
    """Return where the answer that a query is about can be mended."""
    if query.form_code not in catalogue.forms():
        if query.visit is None:
            return query.participant.get_absolute_url()
        query.visit.participant = query.participant  # it is at hand
        return str(query.visit.get_absolute_url())
    url = form_url(
        query.participant.number, query.form_code, visit_id=query.visit_id, sequence=query.sequence
    )
    return f"{url}#q-{query.target.partition('.')[0]}" if query.target else url

"""Queries: the list, one thread, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.models import Query, QueryState
from crf.page.query_forms import AssigneeForm, ReasonForm, WordsForm
from crf.queries import services
from crf.queries.assigning import Assignee, choices_at, role_choices
from crf.queries.batch import Batch
from crf.queries.list import (
    AGES,
    ASSIGNED,
    STATES,
    chosen_queries,
    filters_in,
    lines_for,
    lines_of,
    neighbours_of,
)
from crf.queries.one_value import answer_at_value, confirm_at_value, others_at_value, questions_of
from crf.queries.sparing import is_spared, spared_words
from crf.queries.system import form_asked, question_of_query
from kernel.choices import chosen_of_all
from kernel.errors import Forbidden
from kernel.once import once_for_each_page
from kernel.row_keys import row_key
from kernel.service_form import ServiceForm
from kernel.sorting import sorting
from trials.models import Site

SORTED = {
    "query": ("pk",),
    "participant": ("participant__number", "opened_at", "pk"),
    "state": ("state", "opened_at", "pk"),
    "days": ("-opened_at", "-pk"),
}


@require_GET
@requires(Permission.QUERY_VIEW)
def queries(request: PersonRequest) -> HttpResponse:
    """List queries by site, form, state, age, check, and to whom they are assigned."""
    chosen, now = chosen_in(request), timezone.now()
    order = sorting(request, SORTED, otherwise=())
    page, lines = lines_of(request.user, chosen, at=now, order=order.order)
    shown = _list(request, chosen, at=now) | {"page": page, "lines": lines, "sorting": order}
    return render(request, "crf/queries.html", shown)


def chosen_in(request: PersonRequest) -> dict[str, str]:
    """Return the filters of the address; a choice that the page does not have is said and left out."""
    sites = Site.objects.open_to(request.user, Permission.QUERY_VIEW)
    known: dict[str, Collection[str]] = {
        "site": [site.code for site in sites],
        "form": catalogue.forms(),
        "state": [value for value, _label in STATES],
        "age": AGES,
        "assigned": ASSIGNED,
        "check": {check.code for form in catalogue.forms().values() for check in form.checks},
    }
    typed = {name: request.GET.get(name, "") for name in ("participant", "page")}
    return typed | chosen_of_all(request, known)


def _list(request: PersonRequest, chosen: dict[str, str], *, at: datetime) -> dict[str, Any]:
    """Return what both lists show around their lines."""
    user = request.user
    may_answer = user.may(Permission.QUERY_ANSWER)
    return {
        "may_answer": may_answer,
        "may_read": user.may(Permission.CRF_VIEW),
        "may_close": not may_answer and user.may(Permission.QUERY_CLOSE),
        "may_choose": user.may(Permission.QUERY_CLOSE) or user.may(Permission.QUERY_RAISE),
        "chosen": chosen,
        "filters": filters_in(chosen),
        "sites": Site.objects.open_to(user, Permission.QUERY_VIEW),
        "forms": catalogue.forms().values(),
        "states": STATES,
        "ages": [(value, label) for value, (label, _days) in AGES.items()],
        "assigned_choices": ASSIGNED.items(),
        "assignees": _assignees(request, chosen, at=at),
    }


def _assignees(request: PersonRequest, chosen: dict[str, str], *, at: datetime) -> list[tuple[str, str]]:
    """Return to whom queries of the list can be assigned: people where one site is chosen, else roles."""
    site = Site.objects.open_to(request.user, Permission.QUERY_RAISE).filter(code=chosen.get("site")).first()
    return choices_at(site, at=at) if site else role_choices()


@require_http_methods(["GET", "POST"])
@requires(Permission.QUERY_VIEW)
@once_for_each_page
def several(request: PersonRequest) -> HttpResponse:
    """Answer several queries from one list, or close several; what is refused stays typed."""
    now = timezone.now()
    shown = _list(request, {name: value for name, value in chosen_in(request).items() if value}, at=now)
    if not (shown["may_answer"] or shown["may_close"]):
        raise Forbidden
    shown["chosen"].setdefault("state", QueryState.OPEN if shown["may_answer"] else QueryState.ANSWERED)
    batch = Batch(request.POST.dict())
    batch.run(by=request.user, at=now)
    if batch.done:
        said = ngettext("{number} query is updated.", "{number} queries are updated.", batch.done)
        messages.success(request, said.format(number=batch.done))
    if request.method == "POST" and not batch.problems:
        return redirect(request.get_full_path())
    page, lines = lines_of(request.user, shown["chosen"], at=now)
    shown |= {"page": page, "lines": batch.beside(lines), "problems": batch.problems}
    shown["title"] = _("Answer several queries") if shown["may_answer"] else _("Close several queries")
    return render(request, "crf/queries_several.html", shown, status=409 if batch.problems else 200)


@require_GET
@requires(Permission.QUERY_VIEW)
def first(request: PersonRequest) -> HttpResponse:
    """Go to the first query of a list, to take one after another from there."""
    chosen = chosen_in(request)
    query = chosen_queries(request.user, chosen, at=timezone.now()).first()
    if query is None:
        messages.info(request, _("No query fits these filters"))
        return redirect(_with("crf:queries", filters=filters_in(chosen)))
    return redirect(_with("crf:query", query.pk, filters=filters_in(chosen)))


def _with(name: str, *args: int, filters: str) -> str:
    address = reverse(name, args=args)
    return f"{address}?{filters}" if filters else address


def _query(request: PersonRequest, pk: int, permission: Permission = Permission.QUERY_VIEW) -> Query:
    queries = Query.objects.open_to(request.user, permission)
    joined = ("participant__site", "site", "visit", "raised_by", "assigned_to", "record")
    return get_object_or_404(queries.select_related(*joined), pk=pk)


@require_GET
@requires(Permission.QUERY_VIEW)
def query(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one query with its values and its thread, between its neighbours in the list it comes from."""
    return _thread(request, _query(request, pk), WordsForm(), at=timezone.now())


def _thread(request: PersonRequest, query: Query, form: ServiceForm, *, at: datetime) -> HttpResponse:
    site, living, user = query.site_id, query.state != QueryState.CLOSED, request.user
    thread = list(query.messages.select_related("by"))
    zone, spared = query.participant.site.time_zone, is_spared(query, user)
    question = question_of_query(form_asked(query), query, thread, zone=zone)
    chosen = chosen_in(request)
    (line,) = lines_for([query], reader=user, at=at)
    others = others_at_value(query) if user.may(Permission.QUERY_ANSWER, site) else []
    may_pass_on = any(user.may(each, site) for each in (Permission.QUERY_ANSWER, Permission.QUERY_RAISE))
    shown = {
        "query": query,
        "line": line,
        "question": spared_words() if spared else question,
        "others": questions_of(others, reader=user, at=at),
        "spared": spared,
        "thread": thread,
        "form": form if not isinstance(form, AssigneeForm) else WordsForm(),
        "filters": filters_in(chosen),
        "list_url": _with("crf:queries", filters=filters_in(chosen)),
        "around": neighbours_of(query, user, chosen, at=at),
        "may_read": user.may(Permission.CRF_VIEW, site),
        "may_answer": living and user.may(Permission.QUERY_ANSWER, site),
        "may_close": living and user.may(Permission.QUERY_CLOSE, site),
        "may_ask_again": query.state != QueryState.OPEN and user.may(Permission.QUERY_RAISE, site),
        "assigning": _assigning(query, form, at=at) if living and may_pass_on else None,
    }
    return render(request, "crf/query.html", shown, status=form.status)


def _assigning(query: Query, form: ServiceForm, *, at: datetime) -> AssigneeForm:
    if isinstance(form, AssigneeForm):
        return form
    choices, now = choices_at(query.site, at=at), Assignee.of(query)
    if str(now) not in dict(choices):  # who no longer works here stays to be seen
        choices.append((str(now), now.in_words()))
    return AssigneeForm(assignees=choices, initial={"assignee": str(now)})


def _taken(
    request: PersonRequest, query: Query, form: ServiceForm, service: Callable[..., Any], *, at: datetime
) -> HttpResponse:
    """Take a step with the query, then show it again, or the next one of the list where that was asked."""
    if not form.submits(service, query=query, by=request.user, at=at):
        return _thread(request, query, form, at=at)
    messages.success(request, _now("Query {number} is updated.").format(number=row_key(query)))
    chosen = chosen_in(request)
    if request.POST.get("go") != "next":
        return redirect(_with("crf:query", query.pk, filters=filters_in(chosen)))
    following = neighbours_of(query, request.user, chosen, at=at).next
    if following is None:
        messages.info(request, _("That was the last one of this list."))
        return redirect(_with("crf:queries", filters=filters_in(chosen)))
    return redirect(_with("crf:query", following, filters=filters_in(chosen)))


@require_POST
@requires(Permission.QUERY_ANSWER)
def answer(request: PersonRequest, pk: int) -> HttpResponse:
    asked = _query(request, pk, Permission.QUERY_ANSWER)
    return _taken(request, asked, WordsForm(request.POST), answer_at_value, at=timezone.now())


@require_POST
@requires(Permission.QUERY_ANSWER)
def confirm(request: PersonRequest, pk: int) -> HttpResponse:
    asked = _query(request, pk, Permission.QUERY_ANSWER)
    return _taken(request, asked, ReasonForm(request.POST), confirm_at_value, at=timezone.now())


@require_POST
@requires(Permission.QUERY_CLOSE)
def close(request: PersonRequest, pk: int) -> HttpResponse:
    asked = _query(request, pk, Permission.QUERY_CLOSE)
    return _taken(request, asked, WordsForm(request.POST), services.close_query, at=timezone.now())


@require_POST
@requires(Permission.QUERY_RAISE)
def again(request: PersonRequest, pk: int) -> HttpResponse:
    asked = _query(request, pk, Permission.QUERY_RAISE)
    return _taken(request, asked, WordsForm(request.POST), services.reopen, at=timezone.now())


@require_POST
@requires(Permission.QUERY_ANSWER, Permission.QUERY_RAISE)
def assign(request: PersonRequest, pk: int) -> HttpResponse:
    """Assign the query to a person, a role, or nobody in particular."""
    now, asked = timezone.now(), _query(request, pk)
    form = AssigneeForm(request.POST, assignees=choices_at(asked.site, at=now))
    return _taken(request, asked, form, services.assign_query, at=now)

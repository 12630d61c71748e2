"""Queries: the list, one thread, and what can be done with it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.models import Query, QueryState
from crf.page.editor import RecordEditor, address, open_record
from crf.page.forms import AskForm, ReasonForm, WordsForm
from crf.page.targets import targets_of
from crf.queries import services
from crf.queries.batch import Batch
from crf.queries.list import AGES, STATES, line_of, lines_of
from crf.queries.sparing import is_spared, spared_words
from crf.queries.system import question_of_query
from kernel.choices import chosen_of_all
from kernel.errors import Forbidden
from kernel.once import once_for_each_page
from trials.models import Site


@require_GET
@requires(Permission.QUERY_VIEW)
def queries(request: PersonRequest) -> HttpResponse:
    """List queries by site, form, state and age."""
    chosen = _chosen(request)
    page, lines = lines_of(request.user, chosen, at=timezone.now())
    return render(request, "crf/queries.html", _list(request, chosen) | {"page": page, "lines": lines})


def _chosen(request: PersonRequest) -> dict[str, str]:
    """Return the filters of the address; a choice that the page does not have is said and left out."""
    sites = Site.objects.open_to(request.user, Permission.QUERY_VIEW)
    known: dict[str, Collection[str]] = {
        "site": [site.code for site in sites],
        "form": catalogue.forms(),
        "state": [value for value, _label in STATES],
        "age": AGES,
    }
    typed = {name: request.GET.get(name, "") for name in ("participant", "page")}
    return typed | chosen_of_all(request, known)


def _list(request: PersonRequest, chosen: dict[str, str]) -> dict[str, Any]:
    """Return what both lists show around their lines."""
    may_answer = request.user.may(Permission.QUERY_ANSWER)
    return {
        "may_answer": may_answer,
        "may_read": request.user.may(Permission.CRF_VIEW),
        "may_close": not may_answer and request.user.may(Permission.QUERY_CLOSE),
        "chosen": chosen,
        "sites": Site.objects.open_to(request.user, Permission.QUERY_VIEW),
        "forms": catalogue.forms().values(),
        "states": STATES,
        "ages": [(value, label) for value, (label, _days) in AGES.items()],
    }


@require_http_methods(["GET", "POST"])
@requires(Permission.QUERY_VIEW)
@once_for_each_page
def several(request: PersonRequest) -> HttpResponse:
    """Answer several queries from one list, or close several; what is refused stays typed."""
    shown = _list(request, {name: value for name, value in _chosen(request).items() if value})
    if not (shown["may_answer"] or shown["may_close"]):
        raise Forbidden
    shown["chosen"].setdefault("state", QueryState.OPEN if shown["may_answer"] else QueryState.ANSWERED)
    batch, now = Batch(request.POST.dict()), timezone.now()
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


def _query(request: PersonRequest, pk: int, permission: Permission = Permission.QUERY_VIEW) -> Query:
    queries = Query.objects.open_to(request.user, permission)
    return get_object_or_404(queries.select_related("participant__site", "visit", "raised_by"), pk=pk)


@require_GET
@requires(Permission.QUERY_VIEW)
def query(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one query with its thread."""
    return _thread(request, _query(request, pk), WordsForm(), at=timezone.now())


def _thread(request: PersonRequest, query: Query, form: WordsForm, *, at: datetime) -> HttpResponse:
    site, living = query.site_id, query.state != QueryState.CLOSED
    thread = list(query.messages.select_related("by"))
    zone, spared = query.participant.site.time_zone, is_spared(query, request.user)
    question = question_of_query(catalogue.forms().get(query.form_code), query, thread, zone=zone)
    shown = {
        "query": query,
        "line": line_of(query, reader=request.user, at=at),
        "question": spared_words() if spared else question,
        "spared": spared,
        "thread": thread,
        "form": form,
        "may_read": request.user.may(Permission.CRF_VIEW, site),
        "may_answer": living and request.user.may(Permission.QUERY_ANSWER, site),
        "may_close": living and request.user.may(Permission.QUERY_CLOSE, site),
        "may_ask_again": query.state != QueryState.OPEN and request.user.may(Permission.QUERY_RAISE, site),
    }
    return render(request, "crf/query.html", shown, status=form.status)


@require_POST
@requires(Permission.QUERY_ANSWER)
def answer(request: PersonRequest, pk: int) -> HttpResponse:
    asked, form, now = _query(request, pk, Permission.QUERY_ANSWER), WordsForm(request.POST), timezone.now()
    if form.submits(services.answer_query, query=asked, by=request.user, at=now):
        messages.success(request, _("The query is updated."))
        return redirect(asked)
    return _thread(request, asked, form, at=now)


@require_POST
@requires(Permission.QUERY_ANSWER)
def confirm(request: PersonRequest, pk: int) -> HttpResponse:
    asked, form, now = _query(request, pk, Permission.QUERY_ANSWER), ReasonForm(request.POST), timezone.now()
    if form.submits(services.confirm_answer, query=asked, by=request.user, at=now):
        messages.success(request, _("The query is updated."))
        return redirect(asked)
    return _thread(request, asked, form, at=now)


@require_POST
@requires(Permission.QUERY_CLOSE)
def close(request: PersonRequest, pk: int) -> HttpResponse:
    asked, form, now = _query(request, pk, Permission.QUERY_CLOSE), WordsForm(request.POST), timezone.now()
    if form.submits(services.close_query, query=asked, by=request.user, at=now):
        messages.success(request, _("The query is updated."))
        return redirect(asked)
    return _thread(request, asked, form, at=now)


@require_POST
@requires(Permission.QUERY_RAISE)
def again(request: PersonRequest, pk: int) -> HttpResponse:
    asked, form, now = _query(request, pk, Permission.QUERY_RAISE), WordsForm(request.POST), timezone.now()
    if form.submits(services.reopen, query=asked, by=request.user, at=now):
        messages.success(request, _("The query is updated."))
        return redirect(asked)
    return _thread(request, asked, form, at=now)


@requires(Permission.QUERY_RAISE)
def ask(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Ask about an answer, or about a form that is not there yet."""
    editor = RecordEditor(
        open_record(request, number, code, sequence, Permission.QUERY_RAISE), request.user, timezone.now()
    )
    form = AskForm(request.POST or None, targets=targets_of(editor), initial=request.GET.dict())
    if form.submits(services.raise_query, record_key=editor.record_key, by=request.user, at=editor.at):
        onward = request.GET.get("then") == "verify"
        return redirect(address("verify", editor.record_key) if onward else form.result)
    shown = {"form": form, "editor": editor, "back": address("form", editor.record_key)}
    return render(request, "crf/ask.html", shown, status=form.status)

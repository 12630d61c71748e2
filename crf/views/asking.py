"""Raising queries: about an answer, a row or a form, about a visit or a participant, and about rows of a list."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.models import Query
from crf.page.editor import RecordEditor, address, open_participant, open_record
from crf.page.query_forms import AskForm, GeneralAskForm
from crf.page.targets import targets_of
from crf.queries import services
from crf.queries.assigning import choices_at
from crf.queries.values import QueryValue, values_at
from followup.models import Visit
from kernel.punctuation import listed_apart
from kernel.row_keys import row_key
from trials.models import Participant


@requires(Permission.QUERY_RAISE)
def ask(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Ask about an answer, a row, or a form that may not be there yet; the form stays where it is."""
    record_key = open_record(request, number, code, sequence, Permission.QUERY_RAISE)
    now = timezone.now()
    editor = RecordEditor(record_key, request.user, now)
    form = AskForm(
        request.POST or None,
        targets=targets_of(editor),
        assignees=choices_at(record_key.participant.site, at=now),
        initial={"target": request.GET.get("target", "")},
    )
    in_place = request.headers.get("X-Requested-With") == "fetch"
    if form.submits(services.raise_query, record_key=record_key, by=request.user, at=now):
        return JsonResponse(_raised(form.result)) if in_place else _back(request, record_key, form.result)
    if in_place and request.method == "POST":
        said = listed_apart(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"error": said}, status=form.status)
    shown = {
        "form": form,
        "editor": editor,
        "back": address(_came_from(request), record_key),
        "line": {"values": _in_question(editor, form["target"].value() or "")},
    }
    return render(request, "crf/ask.html", shown, status=form.status)


def _in_question(editor: RecordEditor, target: str) -> tuple[QueryValue, ...]:
    """Return the values that stand at the place chosen when the page was opened."""
    if editor.stored is None or not target:
        return ()
    record_key = editor.record_key
    return values_at(
        target,
        participant=record_key.participant,
        form=record_key.form.code,
        record=editor.stored.record.pk,
        reader=editor.user,
    )


def _came_from(request: PersonRequest) -> str:
    """Return the page of the record from which the question is asked: where its values are verified, or the form."""
    return "verify" if request.GET.get("then") == "verify" else "form"


def _raised(query: Query) -> dict[str, Any]:
    return {"number": row_key(query), "href": query.get_absolute_url(), "said": _said(query)}


def _said(query: Query) -> str:
    return _("Query {number} is raised.").format(number=row_key(query))


def _back(request: PersonRequest, record_key: Any, query: Query) -> HttpResponse:
    messages.success(request, _said(query))
    place = f"#q-{query.target.partition('.')[0]}" if query.target and _came_from(request) == "form" else ""
    return redirect(f"{address(_came_from(request), record_key)}{place}")


@requires(Permission.QUERY_RAISE)
def ask_about_participant(request: PersonRequest, number: str) -> HttpResponse:
    """Ask about the participant as a whole."""
    participant = open_participant(request, number, Permission.QUERY_RAISE)
    return _general(request, participant, None)


@requires(Permission.QUERY_RAISE)
def ask_about_visit(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Ask about a visit."""
    participant = open_participant(request, number, Permission.QUERY_RAISE)
    visits = Visit.objects.open_to(request.user, Permission.QUERY_RAISE).filter(participant=participant)
    visit = get_object_or_404(visits, pk=pk)
    visit.participant = participant
    return _general(request, participant, visit)


def _general(request: PersonRequest, participant: Participant, visit: Visit | None) -> HttpResponse:
    now, about = timezone.now(), {"participant": participant, "visit": visit}
    form = GeneralAskForm(request.POST or None, assignees=choices_at(participant.site, at=now))
    back = visit.get_absolute_url() if visit else participant.get_absolute_url()
    if form.submits(services.raise_general_query, **about, by=request.user, at=now):
        messages.success(request, _said(form.result))
        return redirect(back)
    return render(request, "crf/ask_general.html", {"form": form, "back": back, **about}, status=form.status)

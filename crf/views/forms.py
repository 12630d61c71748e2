"""One page for every form: read it, fill it, and what the page asks while somebody types."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, RawPostDataException
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.engine import submission as typed
from crf.engine.live import live
from crf.links import log_url
from crf.page.actions import actions_for
from crf.page.blank_pdf import blank_pdf
from crf.page.editor import (
    RecordEditor,
    address,
    editor_beside,
    open_participant,
    open_record,
    said_of,
    try_to_save,
)
from crf.page.log import log_of
from crf.page.pasting import ACTION, has_lines, paste_into
from crf.page.take_over import TAKE, take_over
from crf.page.way import came_from, next_due, safe_back, with_back
from crf.records.drafts import discard_draft, keep_draft
from crf.records.refusals import KeyUsed, StaleVersion
from crf.records.save import record_saved_under
from crf.records.visit_changes import said_of_moves
from crf.safety.paper import forms_before
from crf.store.licensed_wording import wordings_of
from crf.store.records import NEW, RecordKey, form_named, record_key_of
from crf.views.merging import merge_page
from crf.views.rights import ENTERING, READING
from kernel.errors import Forbidden, Refusal
from kernel.once import PAGE_KEY, new_key

NEXT = "next"  # the button that saves and goes on to the next form


class NotReadable(Refusal):
    code = "crf.not_readable"
    message = _("What arrived is not a draft of this form. Reload the page; what you typed is still on it.")
    status = 400


def _desk(
    request: PersonRequest, number: str, code: str, sequence: int, permission: Permission
) -> RecordEditor:
    record_key = open_record(request, number, code, sequence, permission)
    opened, back = request.GET.get("draft", ""), request.GET.get("back", "")
    return RecordEditor(record_key, request.user, timezone.now(), opened=opened, back=back)


@requires(*READING)
def form(request: PersonRequest, number: str, code: str, sequence: int = 1) -> HttpResponse:
    """Show the form, or save what was typed into it."""
    editor = _desk(request, number, code, sequence, form_named(code).seen_by)
    if request.method != "POST":
        editor.back = editor.back or came_from(request)
        editor.drop_idle_drafts()
        return _begun(request, editor) or _shown(request, editor, editor.page(), 200)
    if not request.user.may(editor.record_key.form.entered_by, editor.record_key.participant.site_id):
        raise Forbidden
    # The key Enter presses the first button of the page: with nothing pasted it means to save.
    action = request.POST.get("_action", "")
    if action == ACTION and has_lines(request.POST):
        return _shown(request, editor, paste_into(editor, request.POST), 200)
    if action.startswith(TAKE):
        return _shown(request, editor, take_over(editor, request.POST), 200)
    try:
        outcome = try_to_save(editor, request.POST)
    except StaleVersion as stale:
        return merge_page(request, editor, stale)
    except KeyUsed as used:
        return merge_page(request, editor_beside(editor, used, request.POST), used)
    if isinstance(outcome, tuple):
        return _shown(request, editor, *outcome)
    said = said_of(outcome, clock=f"{editor.at.astimezone(ZoneInfo(editor.zone)):%H:%M:%S}")
    messages.add_message(request, messages.WARNING if outcome.outdated else messages.SUCCESS, said)
    if outcome.moved:
        messages.info(request, said_of_moves(outcome.moved))
    if action == NEXT:
        return _on_to_next(request, outcome.record_key, editor)
    return redirect(address("form", outcome.record_key, back=editor.back))


def _on_to_next(request: PersonRequest, saved: RecordKey, editor: RecordEditor) -> HttpResponse:
    """Lead to the form that is due next, or back where the reader came from."""
    if following := next_due(saved):
        return redirect(with_back(following, editor.back))
    said = _("No other form of %(number)s is due.") % {"number": saved.participant.number}
    messages.info(request, said)
    return redirect(safe_back(editor.back) or saved.participant)


def _begun(request: PersonRequest, editor: RecordEditor) -> HttpResponse | None:
    """Give the page of a new record a key of its own, in its address; lead one that was saved to its record."""
    if not editor.is_new or not editor.editable:
        return None
    if saved := record_saved_under(key=editor.opened, by=request.user):
        messages.info(request, _("This record was saved already. Below stands what is saved."))
        return redirect(address("form", saved))
    if PAGE_KEY.fullmatch(editor.opened):
        return None
    return redirect(address("form", editor.record_key, draft=new_key(), back=editor.back))


def _shown(request: PersonRequest, editor: RecordEditor, page: Any, status: int) -> HttpResponse:
    return render(
        request,
        "crf/record.html",
        {"page": page, "editor": editor, "actions": actions_for(editor), "refused": editor.refused},
        status=status,
    )


@require_POST
@requires(*ENTERING)
def derive(request: PersonRequest, number: str, code: str, sequence: int) -> JsonResponse:
    """Answer what follows from what is typed now: derived answers and findings."""
    editor = _desk(request, number, code, sequence, form_named(code).entered_by)
    form, saved, today = editor.form, editor.saved_rows, editor.form_context.today
    review = live(form, request.POST, context=editor.context, zone=editor.zone, saved=saved, today=today)
    return JsonResponse(review)


@require_POST
@requires(*ENTERING)
def draft(request: PersonRequest, number: str, code: str, sequence: int) -> JsonResponse:
    """Keep what is typed now."""
    editor = _desk(request, number, code, sequence, form_named(code).entered_by)
    raw = _values_in(request)
    submission = typed.Submission(raw)
    keep_draft(
        record_key=editor.record_key,
        page=submission.control("key") or editor.key,
        raw=raw,
        version=submission.version or 0,
        by=request.user,
        at=editor.at,
    )
    return JsonResponse({"saved_at": f"{editor.at.astimezone(ZoneInfo(editor.zone)):%H:%M:%S}"})


def _values_in(request: PersonRequest) -> typed.Raw:
    """Return what was typed, without the characters that no text of the database can hold."""
    try:
        raw = typed.raw_of_post(json.loads(request.body)["values"])
        return {_storable(name): [_storable(text) for text in texts] for name, texts in raw.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RawPostDataException) as error:
        raise NotReadable from error


def _storable(text: str) -> str:
    """Leave out U+0000, and the half of a character that was cut in two."""
    return text.replace("\x00", "").encode(errors="ignore").decode()


@require_POST
@requires(*ENTERING)
def discard(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Drop the draft of one opened page; where the page of a new record was, stands the list of records."""
    record_key = open_record(request, number, code, sequence, form_named(code).entered_by)
    discard_draft(record_key=record_key, page=request.GET.get("draft", ""), by=request.user)
    if record_key.sequence == NEW:
        messages.info(request, _("The draft is discarded."))
        return redirect(log_url(number, code))
    messages.info(request, _("The draft is discarded. The form shows what is saved."))
    return redirect(address("form", record_key))


@require_GET
@requires(*READING)
def log(request: PersonRequest, number: str, code: str) -> HttpResponse:
    """List the records of a form that is filled many times."""
    record_key = record_key_of(
        participant=open_participant(request, number, form_named(code).seen_by), form=code
    )
    return render(
        request, "crf/log.html", {"log": log_of(record_key, request.user), "record_key": record_key}
    )


@require_GET
@requires(*READING)
def blank(request: PersonRequest, code: str) -> HttpResponse:
    """Return the blank form as PDF, in the reader's language."""
    form, language = form_named(code), get_language() or "en"
    made = blank_pdf(form, wordings_of(form, language), before=forms_before(form))
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="PALACE-3_{code}_v{form.version}_{language}.pdf"'
    return response

"""The history of a record, or of one answer."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import requires
from accounts.requests import PersonRequest
from crf.page.editor import RecordEditor, open_record
from crf.records.signing import NothingThere
from crf.store.history import history_of, prompts_of
from crf.store.records import form_named
from crf.views.rights import READING


@require_GET
@requires(*READING)
def history(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Show who changed what, when and why; ``?field=`` narrows it to one answer."""
    editor = RecordEditor(
        open_record(request, number, code, sequence, form_named(code).seen_by), request.user, timezone.now()
    )
    if editor.stored is None:
        raise NothingThere(record=editor.record_key.label)
    field, shown_key = request.GET.get("field", ""), replace(editor.record_key, form=editor.form)
    shown = {
        "editor": editor,
        "field": field,
        "entries": history_of(shown_key, editor.stored, field),
        "prompts": prompts_of(shown_key, editor.stored, field),
    }
    return render(request, "crf/history.html", shown)

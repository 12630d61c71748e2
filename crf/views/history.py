"""The history of a record, or of one answer."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.page.editor import RecordEditor, open_record
from crf.records.signing import NothingThere
from crf.store.history import history_of, prompts_of


@require_GET
@requires(Permission.CRF_VIEW)
def history(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Show who changed what, when and why; ``?field=`` narrows it to one answer."""
    editor = RecordEditor(
        open_record(request, number, code, sequence, Permission.CRF_VIEW), request.user, timezone.now()
    )
    if editor.stored is None:
        raise NothingThere(record=editor.record_key.label)
    field = request.GET.get("field", "")
    shown = {
        "editor": editor,
        "field": field,
        "entries": history_of(editor.record_key, editor.stored, field),
        "prompts": prompts_of(editor.record_key, editor.stored, field),
    }
    return render(request, "crf/history.html", shown)

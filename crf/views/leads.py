"""A record of another form is begun from a row of this one: its page opens with what the row says."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.engine.submission import Raw
from crf.links import form_url
from crf.page.editor import RecordEditor, open_record
from crf.records.drafts import keep_draft
from crf.store.records import NEW, record_key_of
from kernel.once import new_key, once_for_each_page


@require_POST
@requires(Permission.CRF_EDIT)
@once_for_each_page
def lead(
    request: PersonRequest, number: str, code: str, sequence: int, group: str, position: int
) -> HttpResponse:
    """Open the page of a new record, typed as the row says it; nothing is saved before its reader saves it."""
    place = open_record(request, number, code, sequence, Permission.CRF_EDIT)
    editor = RecordEditor(place, request.user, timezone.now())
    asked = next((each for each in editor.form.leads if each.group == group), None)
    stored = editor.stored.outcome(editor.form) if editor.stored else None
    rows = stored.groups[group] if stored and asked else []
    row = next((each for each in rows if each["position"] == position), None)
    if asked is None or stored is None or row is None:
        raise Http404
    row = asked.completed(stored.values, row)
    if not asked.is_one(row):
        raise Http404
    raw: Raw = {name: [str(text)] for name, text in asked.answers(stored.values, row).items() if text}
    begun, page = record_key_of(participant=place.participant, form=asked.code, sequence=NEW), new_key()
    keep_draft(record_key=begun, page=page, raw=raw, version=NEW, by=request.user, at=editor.at)
    return redirect(form_url(number, asked.code, sequence=NEW, draft=page))

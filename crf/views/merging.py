"""The page where a second writer chooses, field by field."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.permissions import requires
from accounts.requests import PersonRequest
from crf.engine.evaluation import Evaluation
from crf.page.editor import RecordEditor, address, open_record
from crf.page.merge import MINE, differences, merged
from crf.records.drafts import keep_draft
from crf.records.refusals import KeyUsed, StaleVersion
from crf.store.records import form_named
from crf.store.versions import LaterSave, answers_at, saves_since
from crf.views.rights import ENTERING


def merge_page(
    request: PersonRequest, editor: RecordEditor, refusal: StaleVersion | KeyUsed | None = None
) -> HttpResponse:
    """Show both answers of every difference; 409 when a save or a choice was just refused."""
    stale = refusal if isinstance(refusal, StaleVersion) else None
    review = editor.review(editor.draft.raw if editor.draft else {})
    conflicts = differences(
        editor.form,
        mine=stale.mine if stale else review.outcome,
        theirs=stale.theirs if stale else editor.saved_evaluation(),
        began=_began_with(editor),
        zone=editor.zone,
    )
    shown = {
        "editor": editor,
        "found": conflicts,
        "saves": _saved_since(editor),
        "action": address("merge", editor.record_key, draft=editor.draft.page if editor.draft else ""),
        "version": stale.version if stale else editor.version,
        "said": str(refusal or ""),
    }
    again = request.method == "POST"
    return render(request, "crf/merge.html", shown, status=409 if again else 200)


def _began_with(editor: RecordEditor) -> Evaluation | None:
    """Return the answers that stood on the page when the person began to type."""
    if editor.stored is None or editor.draft is None:
        return None
    return answers_at(editor.record_key.form, editor.stored.record, editor.draft.version)


def _saved_since(editor: RecordEditor) -> list[LaterSave]:
    """Return who saved since the person began to type."""
    if editor.stored is None or editor.draft is None:
        return []
    return saves_since(editor.stored.record, editor.draft.version)


@requires(*ENTERING)
def merge(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Put the chosen answers together as the person's draft of the present version.

    When somebody saved since the choices were shown, they are shown anew: new rows have other numbers now.
    """
    record_key = open_record(request, number, code, sequence, form_named(code).entered_by)
    editor = RecordEditor(record_key, request.user, timezone.now(), opened=request.GET.get("draft", ""))
    shown = request.POST.get("version") == str(editor.version)
    if request.method == "POST" and editor.draft is not None and shown:
        mine = editor.review(editor.draft.raw).outcome
        choices = {
            name.removeprefix("take:"): request.POST[name]
            for name in request.POST
            if name.startswith("take:")
        }
        raw = merged(
            editor.form, mine=mine, theirs=editor.saved_evaluation(), choices=choices, zone=editor.zone
        )
        raw |= {name: texts for name, texts in editor.draft.raw.items() if name.startswith("_reason")}
        page = editor.draft.page
        keep_draft(
            record_key=record_key, page=page, raw=raw, version=editor.version, by=request.user, at=editor.at
        )
        return redirect(address("form", record_key, draft=page))
    editor.drop_idle_drafts()
    return merge_page(request, editor) if editor.draft_is_old else redirect(address("form", record_key))


__all__ = ["MINE", "merge", "merge_page"]

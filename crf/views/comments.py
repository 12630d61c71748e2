"""A comment beside an answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import requires
from accounts.requests import PersonRequest
from crf.page.comment_forms import CommentForm
from crf.page.editor import RecordEditor, address, open_record
from crf.page.targets import answers_of
from crf.records.comments import write_comment
from crf.store.records import form_named
from crf.views.rights import ENTERING


@requires(*ENTERING)
def comment(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Write a comment beside an answer; the page of the form shows it there."""
    record_key = open_record(request, number, code, sequence, form_named(code).entered_by)
    editor = RecordEditor(record_key, request.user, timezone.now())
    about = request.GET.get("target", "")
    form = CommentForm(request.POST or None, targets=answers_of(editor), initial={"target": about})
    if form.submits(write_comment, record_key=record_key, by=request.user, at=editor.at):
        messages.success(request, _("The comment stands beside the answer."))
        return redirect(address("form", record_key))
    shown = {"form": form, "editor": editor, "back": address("form", record_key)}
    return render(request, "crf/comment.html", shown, status=form.status)

"""Private working notes about a participant or a passage of a form."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.models import WorkingNote
from crf.notes import services
from crf.notes.page import notes_about
from crf.page.editor import RecordEditor, address, open_participant, open_record
from crf.page.forms import NoteForm
from crf.page.targets import targets_of
from kernel.errors import Refusal
from kernel.once import once_for_each_page
from trials.models import Participant


@require_GET
@requires(Permission.CRF_VIEW)
def notes(request: PersonRequest, number: str) -> HttpResponse:
    """Show one's own notes about the participant; an inspector is shown everybody's."""
    return _listed(request, open_participant(request, number, Permission.CRF_VIEW), NoteForm(targets=[]))


def _listed(request: PersonRequest, participant: Participant, form: NoteForm) -> HttpResponse:
    shown = {
        "participant": participant,
        "lines": notes_about(participant, reader=request.user),
        "form": form,
        "may_write": request.user.may(Permission.NOTE_KEEP, participant.site_id),
    }
    return render(request, "crf/notes.html", shown, status=form.status)


@require_POST
@requires(Permission.NOTE_KEEP)
def new_note(request: PersonRequest, number: str) -> HttpResponse:
    """Keep a note about the participant as a whole."""
    participant = open_participant(request, number, Permission.NOTE_KEEP)
    form = NoteForm(request.POST, targets=[])
    if form.submits(services.write_note, participant=participant, by=request.user, at=timezone.now()):
        return redirect("crf:notes", number)
    return _listed(request, participant, form)


@requires(Permission.NOTE_KEEP)
def note(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Keep a note about a form or one of its questions."""
    record_key = open_record(request, number, code, sequence, Permission.NOTE_KEEP)
    editor = RecordEditor(record_key, request.user, timezone.now())
    form = NoteForm(
        request.POST or None, targets=targets_of(editor), initial={"target": request.GET.get("target")}
    )
    about = {"participant": record_key.participant, "record_key": record_key}
    if form.submits(services.write_note, **about, by=request.user, at=editor.at):
        messages.success(request, _("The note is kept, for your eyes only."))
        return redirect(address("form", record_key))
    shown = {"form": form, "editor": editor, "back": address("form", record_key)}
    return render(request, "crf/note.html", shown, status=form.status)


def _own(request: PersonRequest, pk: int, permission: Permission) -> WorkingNote:
    open_to = WorkingNote.objects.open_to(request.user, permission)
    return get_object_or_404(open_to.select_related("participant__site", "visit"), pk=pk, owner=request.user)


@require_POST
@requires(Permission.NOTE_KEEP)
def settle_note(request: PersonRequest, pk: int) -> HttpResponse:
    note = _own(request, pk, Permission.NOTE_KEEP)
    services.settle_note(note=note, by=request.user, at=timezone.now())
    return redirect("crf:notes", note.participant.number)


@require_POST
@requires(Permission.QUERY_RAISE)
@once_for_each_page
def ask_from_note(request: PersonRequest, pk: int) -> HttpResponse:
    """Turn the note into a query to the site, in one step."""
    note = _own(request, pk, Permission.QUERY_RAISE)
    try:
        made = services.ask_from_note(note=note, by=request.user, at=timezone.now())
    except Refusal as refusal:
        form = NoteForm(request.POST, targets=[])
        form.refuse(refusal)
        return _listed(request, note.participant, form)
    return redirect(made)

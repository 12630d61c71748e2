"""Asking for the casebook of a participant, or for one of its forms on paper."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.page.editor import RecordEditor, open_record
from crf.records.signing import NothingThere
from crf.store.records import form_named
from crf.views.rights import READING
from exports.casebook.paper import filled_form_page
from exports.casebook.services import make_casebook
from exports.forms import CasebookForm
from kernel.paper import set_pages
from trials.models import Participant


@transaction.non_atomic_requests
@requires(Permission.CASEBOOK_MAKE)
def casebook(request: PersonRequest, number: str) -> HttpResponse:
    """Ask what the casebook is for, and hand it out."""
    rows = Participant.objects.open_to(request.user, Permission.CASEBOOK_MAKE).select_related("site")
    form = CasebookForm(request.POST or None, initial={"language": get_language() or "en"})
    with transaction.atomic():  # outside a transaction the scope shows no row
        participant = get_object_or_404(rows, number=number)
        if not form.is_valid():
            shown = {"form": form, "participant": participant}
            return render(request, "exports/casebook.html", shown, status=form.status)
    asked = form.arguments()
    paper = make_casebook(participant=participant, **asked, by=request.user, at=timezone.now())
    answer = HttpResponse(paper, content_type="application/pdf")
    name = f"casebook-{participant.number}-{asked['language']}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_GET
@requires(*READING)
def filled_form(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Hand out the form as it is saved, as PDF; who is spared the arm gets no answer that would tell it."""
    record_key = open_record(request, number, code, sequence, form_named(code).seen_by)
    editor = RecordEditor(record_key, request.user, timezone.now())
    if editor.stored is None:
        raise NothingThere(record=record_key.label)
    key = replace(record_key, form=editor.form)
    paper = set_pages(filled_form_page(key, editor.stored, reader=request.user, at=editor.at))
    answer = HttpResponse(paper, content_type="application/pdf")
    name = f"{number}-{code}" + (f"-{record_key.visit.code}" if record_key.visit else f"-{sequence}")
    answer["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer

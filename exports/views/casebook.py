"""Asking for the casebook of a participant."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.casebook.services import make_casebook
from exports.forms import CasebookForm
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

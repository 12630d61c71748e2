"""A log that has nothing new at a visit."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.records.expected import say_nothing_new
from followup.models import Visit
from kernel.once import once_for_each_page
from kernel.punctuation import listed


@require_POST
@requires(Permission.CRF_EDIT)
@once_for_each_page
def nothing_new(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Say that no log of the visit has anything new."""
    rows = Visit.objects.open_to(request.user, Permission.CRF_EDIT).select_related("participant__site")
    visit = get_object_or_404(rows, participant__number=number, pk=pk)
    codes = say_nothing_new(visit=visit, by=request.user, at=timezone.now())
    said = _("It is on record that there is nothing new: {logs}.").format(logs=listed(codes))
    messages.success(request, said)
    return redirect(visit)

"""The register of emergency envelopes, and what a site does in the first hour after an outage."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.clock import local_date
from kernel.service_form import Page
from randomization import services
from randomization.forms import EnvelopeForm
from randomization.models import Envelope, EnvelopeState
from randomization.services.envelopes import MOVES


@requires(Permission.ALLOCATION_VIEW)
def register(request: PersonRequest) -> HttpResponse:
    """Show every envelope with where it is, and what is done after an outage."""
    open_to = Envelope.objects.open_to(request.user, Permission.ALLOCATION_VIEW)
    rows: list[Any] = list(open_to.select_related("site", "allocation__participant"))
    for row in rows:
        row.may_move = bool(MOVES[EnvelopeState(row.state)]) and request.user.may(
            Permission.ALLOCATION_REQUEST, row.site_id
        )
    return render(request, "randomization/envelopes.html", {"register": rows})


@requires(Permission.ALLOCATION_REQUEST)
def move(request: PersonRequest, number: str) -> HttpResponse:
    """Say that an envelope was handed over, came back or was destroyed."""
    open_to = Envelope.objects.open_to(request.user, Permission.ALLOCATION_REQUEST)
    envelope = get_object_or_404(open_to.select_related("site"), number=number)
    now = timezone.now()
    today = local_date(now, envelope.site.time_zone)
    form = EnvelopeForm(request.POST or None, state=envelope.state, initial={"on": today})
    if form.submits(services.move_envelope, envelope=envelope, by=request.user, at=now):
        messages.success(request, _("The register of envelopes is up to date."))
        return redirect("randomization:envelopes")
    page = Page(
        _("Envelope %(number)s") % {"number": number},
        _("Put on record"),
        reverse("randomization:envelopes"),
        _("Emergency envelopes"),
        _(
            "An envelope that was opened is entered on the page where the participant is randomized, not here."
        ),
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

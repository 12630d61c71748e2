"""The register of emergency envelopes, and what a site does in the first hour after an outage."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
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
from randomization.forms import EnvelopeForm, NotOpenedForm, OpeningForm, VoidForm
from randomization.models import Envelope, EnvelopeState
from randomization.services.envelopes import MOVES, opening_of


@requires(Permission.ALLOCATION_VIEW)
def register(request: PersonRequest) -> HttpResponse:
    """Show every envelope with where it is, and what is done after an outage."""
    open_to = Envelope.objects.open_to(request.user, Permission.ALLOCATION_VIEW)
    rows: list[Any] = list(open_to.select_related("site", "allocation__participant"))
    for row in rows:
        row.is_void = row.state == EnvelopeState.VOID
        row.may_void = row.is_void and request.user.may(Permission.ENVELOPE_VOID, row.site_id)
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
        _confirm(request)
        return redirect("randomization:envelopes")
    page = Page(
        _("Envelope %(number)s") % {"number": number},
        _("Put on record"),
        reverse("randomization:envelopes"),
        _("Emergency envelopes"),
        _("An envelope that was opened is entered on the page of the first hour after an outage, not here."),
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.ALLOCATION_VIEW)
def outage(request: PersonRequest) -> HttpResponse:
    """The first hour after an outage: which envelopes of each stratum were opened, and who is to be entered."""
    open_to = Envelope.objects.open_to(request.user, Permission.ALLOCATION_VIEW).out()
    rows: list[Any] = list(open_to.select_related("site").order_by("stratum", "sequence"))
    for row in rows:
        row.may_tell = request.user.may(Permission.ALLOCATION_REQUEST, row.site_id)
        row.may_void = request.user.may(Permission.ENVELOPE_VOID, row.site_id)
    strata = [
        {"name": name, "envelopes": list(envelopes)}
        for name, envelopes in groupby(rows, attrgetter("stratum"))
    ]
    waiting = [row for row in rows if row.state == EnvelopeState.OPENED]
    return render(request, "randomization/outage.html", {"strata": strata, "waiting": waiting})


def _envelope(request: PersonRequest, number: str) -> Envelope:
    open_to = Envelope.objects.open_to(request.user, Permission.ALLOCATION_REQUEST)
    envelope: Envelope = get_object_or_404(open_to.select_related("site"), number=number)
    return envelope


def _confirm(request: PersonRequest) -> None:
    messages.success(request, _("The register of envelopes is up to date."))


def _outage_page(number: str, title: str, button: str, about: str = "") -> Page:
    up = reverse("randomization:outage")
    return Page(title % {"number": number}, button, up, _("The first hour after an outage"), about)


@requires(Permission.ALLOCATION_REQUEST)
def opened(request: PersonRequest, number: str) -> HttpResponse:
    """Say when and by whom an envelope was opened, before its participant is entered; or correct it."""
    envelope = _envelope(request, number)
    initial = vars(opening_of(envelope)) if envelope.opened_at else {}
    form = OpeningForm(request.POST or None, initial=initial)
    if form.submits(services.record_opening, envelope=envelope, by=request.user, at=timezone.now()):
        _confirm(request)
        return redirect("randomization:outage")
    about = _("Its place stays reserved until the participant is randomized with this number.")
    page = _outage_page(number, _("Envelope %(number)s was opened"), _("Put on record"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.ALLOCATION_REQUEST)
def not_opened(request: PersonRequest, number: str) -> HttpResponse:
    """Take back that an envelope was opened."""
    envelope = _envelope(request, number)
    form = NotOpenedForm(request.POST or None)
    if form.submits(services.take_opening_back, envelope=envelope, by=request.user, at=timezone.now()):
        _confirm(request)
        return redirect("randomization:outage")
    page = _outage_page(number, _("Envelope %(number)s was not opened"), _("Put on record"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.ENVELOPE_VOID)
def void(request: PersonRequest, number: str) -> HttpResponse:
    """Say that nobody is randomized with an opened envelope, or take that back."""
    open_to = Envelope.objects.open_to(request.user, Permission.ENVELOPE_VOID)
    envelope: Envelope = get_object_or_404(open_to.select_related("site"), number=number)
    wanted = "not_void" if envelope.state == EnvelopeState.VOID else "void"
    form = VoidForm(request.POST or None, initial={"wanted": wanted})
    takes_back = form["wanted"].value() == "not_void"  # of the page that was read, not of what became of it
    if takes_back:
        form.fields["reason"].help_text = _("Why it is not void, and for whom it was opened.")
    if form.submits(services.settle_void, envelope=envelope, by=request.user, at=timezone.now()):
        _confirm(request)
        return redirect("randomization:envelopes")
    title = _("Envelope %(number)s is not void") if takes_back else _("Envelope %(number)s is void")
    about = _(
        "For an envelope that was opened by mistake or beside another one for the same patient. Nobody is randomized "
        "with it, its place on the list is given to nobody, and what is on record of its opening stays."
    )
    page = _outage_page(number, title, _("Put on record"), "" if takes_back else about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

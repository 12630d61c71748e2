"""Schemes, lists and what is watched. No page here shows a coming place."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from audit.acts import open_act
from kernel.service_form import Page
from randomization import services
from randomization.allocation_list.monitoring import balance_of, list_accesses
from randomization.forms import (
    CloseSchemeForm,
    DefineForm,
    PlacesForm,
    RandomizationReasonForm,
    SignForm,
    SimulationForm,
    SitesForm,
)
from randomization.models import ListPart, Scheme, SchemeClosing
from randomization.scheme import plots, simulation_report
from trials.models import Site


def _scheme(request: PersonRequest, version: int, permission: Permission) -> Scheme:
    return get_object_or_404(Scheme.objects.open_to(request.user, permission), version=version)


@requires(Permission.SCHEME_ACTIVATE)
def schemes(request: PersonRequest) -> HttpResponse:
    """Every scheme, the one in force first."""
    known = Scheme.objects.open_to(request.user, Permission.SCHEME_ACTIVATE).prefetch_related("parts")
    context = {
        "schemes": known.select_related("defined_by"),
        "may_define": request.user.may(Permission.SCHEME_DEFINE),
        "may_watch": request.user.may(Permission.LIST_WATCH),
    }
    return render(request, "randomization/schemes.html", context)


@requires(Permission.SCHEME_DEFINE)
def define(request: PersonRequest) -> HttpResponse:
    """Draft a scheme and ask for its first list."""
    form = DefineForm(request.POST or None)
    if form.submits(services.define_scheme, by=request.user, at=timezone.now()):
        return redirect(form.result.scheme)
    return render(request, "randomization/define.html", {"form": form}, status=form.status)


@requires(Permission.SCHEME_ACTIVATE)
def scheme(request: PersonRequest, version: int) -> HttpResponse:
    scheme = _scheme(request, version, Permission.SCHEME_ACTIVATE)
    context = {
        "scheme": scheme,
        "parts": scheme.parts.select_related("asked_by", "activated_by", "rejected_by"),
        "closing": scheme.closings.standing().select_related("asked_by", "confirmed_by").first(),
        "may_define": request.user.may(Permission.SCHEME_DEFINE),
        "may_watch": request.user.may(Permission.LIST_WATCH),
    }
    return render(request, "randomization/scheme.html", context)


@requires(Permission.SCHEME_ACTIVATE)
@require_POST
def design(request: PersonRequest, version: int) -> HttpResponse:
    """Show the block sizes; that somebody looked is recorded."""
    scheme = _scheme(request, version, Permission.SCHEME_ACTIVATE)
    opened = services.look_at_design(scheme=scheme, by=request.user, at=timezone.now())
    return render(request, "randomization/design.html", {"scheme": scheme, "design": opened})


@requires(Permission.SCHEME_ACTIVATE)
def activate(request: PersonRequest, pk: int) -> HttpResponse:
    """The second person signs; the list is made, sealed and committed to."""
    open_to = ListPart.objects.open_to(request.user, Permission.SCHEME_ACTIVATE)
    part = get_object_or_404(open_to.select_related("scheme", "asked_by"), pk=pk)
    form = SignForm(request.POST or None)
    if form.submits(services.activate_list, part=part, by=request.user, at=timezone.now()):
        said = _("List %(label)s is in force. Its root is published.")
        messages.success(request, said % {"label": form.result.label})
        return redirect(form.result.scheme)
    return render(request, "randomization/activate.html", {"form": form, "part": part}, status=form.status)


@requires(Permission.SCHEME_ACTIVATE)
def reject(request: PersonRequest, pk: int) -> HttpResponse:
    """Reject a list that was asked for, or withdraw one's own."""
    open_to = ListPart.objects.open_to(request.user, Permission.SCHEME_ACTIVATE)
    part = get_object_or_404(open_to.select_related("scheme"), pk=pk)
    form = RandomizationReasonForm(request.POST or None)
    if form.submits(services.reject_list, part=part, by=request.user, at=timezone.now()):
        return redirect(part.scheme)
    about = _("The list is never activated. A draft whose first list it is goes with it.")
    page = _page_of(part.scheme, _("Reject list %(label)s") % {"label": part.label}, _("Reject it"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def _page_of(scheme: Scheme, title: str, button: str, about: str, *, is_grave: bool = False) -> Page:
    return Page(title, button, scheme.get_absolute_url(), scheme.name, about, is_grave=is_grave)


@requires(Permission.SCHEME_ACTIVATE)
def close(request: PersonRequest, version: int) -> HttpResponse:
    """Ask for the closing of the active scheme."""
    scheme = _scheme(request, version, Permission.SCHEME_ACTIVATE)
    form = CloseSchemeForm(request.POST or None)
    if form.submits(services.ask_to_close, scheme=scheme, by=request.user, at=timezone.now()):
        return redirect(scheme)
    about = _(
        "The scheme goes on allocating until a second person confirms. Afterwards it allocates no more, for good."
    )
    page = _page_of(scheme, _("Close the scheme"), _("Sign and ask a second person"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def _closing(request: PersonRequest, version: int) -> SchemeClosing:
    open_to = SchemeClosing.objects.open_to(request.user, Permission.SCHEME_ACTIVATE).standing()
    return get_object_or_404(open_to.select_related("scheme"), scheme__version=version)


@requires(Permission.SCHEME_ACTIVATE)
def confirm_close(request: PersonRequest, version: int) -> HttpResponse:
    """Confirm the closing, as the second person."""
    closing = _closing(request, version)
    form = SignForm(request.POST or None)
    if form.submits(services.confirm_closing, closing=closing, by=request.user, at=timezone.now()):
        return redirect(closing.scheme)
    about = _("The scheme allocates no more, for good. Another one can be activated afterwards.")
    page = _page_of(
        closing.scheme, _("Confirm the closing"), _("Sign: the scheme is closed"), about, is_grave=True
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SCHEME_ACTIVATE)
def end_close(request: PersonRequest, version: int) -> HttpResponse:
    """Take the request to close back, or decline it."""
    closing = _closing(request, version)
    form = RandomizationReasonForm(request.POST or None)
    if form.submits(services.end_closing, closing=closing, by=request.user, at=timezone.now()):
        return redirect(closing.scheme)
    page = _page_of(closing.scheme, _("Keep the scheme"), _("Keep it"), _("The scheme goes on allocating."))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SCHEME_DEFINE)
def add_sites(request: PersonRequest, version: int) -> HttpResponse:
    """Ask for a list for sites that came later."""
    scheme = _scheme(request, version, Permission.SCHEME_DEFINE)
    wanted = scheme.parts.filter(rejected_at=None)
    covered = {stratum.partition("/")[0] for part in wanted for stratum in part.strata}
    sites = Site.objects.open_to(request.user, Permission.SITE_VIEW).exclude(code__in=covered)
    form = SitesForm(request.POST or None, sites=sites)
    if form.submits(services.ask_for_sites, scheme=scheme, by=request.user, at=timezone.now()):
        return redirect(scheme)
    context = {"form": form, "scheme": scheme, "sites": sites}
    return render(request, "randomization/add.html", context, status=form.status)


@requires(Permission.SCHEME_DEFINE)
def add_places(request: PersonRequest, version: int) -> HttpResponse:
    """Ask for more places where the list runs low."""
    scheme = _scheme(request, version, Permission.SCHEME_DEFINE)
    strata = [slot.stratum for slot in balance_of(scheme).strata]
    form = PlacesForm(request.POST or None, strata=strata)
    if form.submits(services.ask_for_places, scheme=scheme, by=request.user, at=timezone.now()):
        return redirect(scheme)
    return render(request, "randomization/add.html", {"form": form, "scheme": scheme}, status=form.status)


@requires(Permission.LIST_WATCH)
def balance(request: PersonRequest, version: int) -> HttpResponse:
    """Balance overall, by stratum and over time, and who looked at the list. The look is recorded."""
    scheme = _scheme(request, version, Permission.LIST_WATCH)
    with open_act("randomization:list:look", by=request.user, at=timezone.now()):
        seen = balance_of(scheme)
    drift = plots.line(
        seen.drift,
        title=_("Arm 1 minus arm 2 after each allocation"),
        label=_("allocations, in order of time"),
    )
    context = {"scheme": scheme, "balance": seen, "drift": drift, "looks": list_accesses()}
    return render(request, "randomization/balance.html", context)


@transaction.non_atomic_requests
@requires(Permission.SCHEME_DEFINE)
def simulate(request: PersonRequest) -> HttpResponse:
    """What a design would do over many trials. Nothing is kept."""
    form = SimulationForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    status = 422 if form.is_bound else 200
    if form.is_valid():
        context["findings"] = simulation_report.simulated(form.cleaned_data)
        status = 200
    with transaction.atomic():
        return render(request, "randomization/simulate.html", context, status=status)

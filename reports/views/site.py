"""The page of one site: what it has, what it still lacks, and its way from planned to closed."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission, Role, requires
from accounts.requests import PersonRequest
from kernel.clock import local_date
from kernel.service_form import Page
from randomization.coverage import has_places
from reports.site_copies import copies_for
from reports.site_set_up import documents_of
from trials import services
from trials.forms import MoveSiteForm
from trials.models import Delegation, Site
from trials.models.sites import IN_SET_UP, ChecklistKind, SiteNeed, SiteState
from trials.services.sites import MOVES, open_needs
from trials.training import gaps_among
from trials.views.sites import page_after

MOVE_LABELS: Final = {
    SiteState.PLANNED: _lazy("Back to planned"),
    SiteState.SET_UP: _lazy("Begin the set-up"),
    SiteState.ACTIVE: _lazy("Activate the site"),
    SiteState.SUSPENDED: _lazy("Suspend the site"),
    SiteState.CLOSED: _lazy("Close the site to recruitment"),
}

# The states in which a site has a page of its close-out.
CLOSING: Final = (SiteState.CLOSED, SiteState.CLOSED_OUT)
ABOUT: Final = {
    SiteState.CLOSED: _lazy(
        "Nobody is registered, consented for the first time or randomized here any more; who is in the trial is "
        "followed as before. The site can be activated again."
    ),
}


def _site(request: PersonRequest, code: str, permission: Permission) -> Site:
    return get_object_or_404(Site.objects.open_to(request.user, permission), code=code)


@requires(Permission.SITE_VIEW)
def site(request: PersonRequest, code: str) -> HttpResponse:
    site = _site(request, code, Permission.SITE_VIEW)
    today = local_date(timezone.now(), site.time_zone)
    people = Delegation.objects.open_to(request.user, Permission.PERSON_VIEW).filter(site=site)
    context = {
        "site": site,
        "checklist": checklist_of(site, today),
        "documents": documents_of(site) if request.user.may(Permission.PERSON_VIEW, site) else {},
        "in_set_up": site.state in IN_SET_UP,
        "needs": needs_of(site, today),
        "delegations": people.in_force(on=today).select_related("user").order_by("role", "user__username"),
        "training": [(gap, gap.is_over(today)) for gap in gaps_among(people, on=today)],
        "versions": site.consent_versions.all(),
        "moves": moves_of(site),
        "may_manage": request.user.may(Permission.SITE_MANAGE, site),
        "sees_locks": request.user.may(Permission.CRF_VIEW, site),
        "sees_people": request.user.may(Permission.PERSON_VIEW, site),
        "sees_ranges": request.user.may(Permission.CRF_VIEW, site),
        **_copies(site, request.user),
        "sees_copies": request.user.may(Permission.CASEBOOK_MAKE, site),
        "sees_closing": request.user.may(Permission.SITE_CONFIRM, site) and site.state in CLOSING,
    }
    return render(request, "trials/site.html", context)


def _copies(site: Site, user: User) -> dict[str, Any]:
    """Return the copies of the site's records for who may download them and does not see the page of the close-out."""
    if site.state != SiteState.CLOSED_OUT or not user.may(Permission.CASEBOOK_MAKE, site):
        return {}
    if user.may(Permission.SITE_CONFIRM, site):
        return {}
    return copies_for(site.close_outs.standing().select_related("site").first(), user=user)


def checklist_of(site: Site, today: date) -> list[dict[str, Any]]:
    """Return each line of the activation checklist: done, expired or missing on ``today``."""
    items = {item.kind: item for item in site.checklist.all()}
    lines = []
    for kind in ChecklistKind:
        item = items.get(kind.value)
        state = "missing" if item is None else "done" if item.holds_on(today) else "expired"
        lines.append({"kind": kind, "item": item, "state": state})
    return lines


def needs_of(site: Site, today: date) -> list[dict[str, Any]]:
    """Return who and what the site needs beside its checklist, whether it is there, and where it is put in place."""
    places = has_places(site.code)
    lacking = open_needs(site, on=today, has_places=places)
    where = {
        SiteNeed.COORDINATOR: reverse("trials:set-up-role", args=[site.code, Role.COORDINATOR.value]),
        SiteNeed.INVESTIGATOR: reverse("trials:set-up-role", args=[site.code, Role.INVESTIGATOR.value]),
        SiteNeed.CONSENT_VERSION: reverse("trials:new-consent-version", args=[site.code]),
        SiteNeed.PLACES: reverse("randomization:schemes"),
    }
    return [
        {"need": need, "state": "missing" if need in lacking else "done", "href": where[need]}
        for need in SiteNeed
        if need is not SiteNeed.PLACES or places is not None
    ]


def moves_of(site: Site) -> list[dict[str, Any]]:
    """Return the states the site may go to, as the buttons say them."""
    possible = MOVES[SiteState(site.state)]
    return [{"to": to.value, "label": MOVE_LABELS[to]} for to in SiteState if to in possible]


@requires(Permission.SITE_MANAGE)
def move_site(request: PersonRequest, code: str, to: str) -> HttpResponse:
    site = _site(request, code, Permission.SITE_MANAGE)
    form, at = MoveSiteForm(request.POST or None), timezone.now()
    told: dict[str, Any] = {"site": site, "by": request.user, "at": at}
    if to == SiteState.ACTIVE:
        is_done = form.submits(services.activate_site, has_places=has_places(site.code), **told)
    else:
        is_done = form.submits(services.move_site, to=to, **told)
    if is_done:
        said = _("Site %(site)s is now “%(state)s”.")
        messages.success(request, said % {"site": site.code, "state": form.result.get_state_display()})
        return redirect(page_after(form.result))
    up = page_after(site)
    page = Page(
        str(MOVE_LABELS[SiteState(to)]), _("Yes, do this"), up, str(site), str(ABOUT.get(SiteState(to), ""))
    )
    shown = {"form": form, "page": page}
    if to != SiteState.ACTIVE:
        return render(request, "trials/step.html", shown, status=form.status)
    today = local_date(at, site.time_zone)
    return render(
        request, "trials/activate_site.html", shown | {"missing": missing_of(site, today)}, status=form.status
    )


def missing_of(site: Site, today: date) -> list[tuple[str, str]]:
    """Return each thing that a site lacks before it may be active, and where it is put in place."""
    lines = [
        (line["kind"].label, reverse("trials:fulfil", args=[site.code, line["kind"].value]), line["state"])
        for line in checklist_of(site, today)
    ]
    lines += [(line["need"].label, line["href"], line["state"]) for line in needs_of(site, today)]
    return [(str(label), href) for label, href, state in lines if state != "done"]

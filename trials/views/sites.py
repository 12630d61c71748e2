"""Sites: from planned to closed."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.clock import local_date
from kernel.service_form import Page
from trials import services
from trials.forms import ChangeSiteForm, ChecklistForm, ConsentVersionForm, MoveSiteForm, SiteForm
from trials.models import Delegation, Site
from trials.models.participants import counted_at_site
from trials.models.sites import ChecklistKind, SiteState
from trials.services.sites import MOVES

MOVE_LABELS: Final = {
    SiteState.PLANNED: _lazy("Back to planned"),
    SiteState.SET_UP: _lazy("Begin the set-up"),
    SiteState.ACTIVE: _lazy("Activate the site"),
    SiteState.SUSPENDED: _lazy("Suspend the site"),
    SiteState.CLOSED: _lazy("Close the site for good"),
}


def _site(request: PersonRequest, code: str, permission: Permission) -> Site:
    return get_object_or_404(Site.objects.open_to(request.user, permission), code=code)


@requires(Permission.SITE_VIEW)
def sites(request: PersonRequest) -> HttpResponse:
    shown = Site.objects.open_to(request.user, Permission.SITE_VIEW).annotate(**counted_at_site())
    return render(
        request, "trials/sites.html", {"sites": shown, "may_manage": request.user.may(Permission.SITE_MANAGE)}
    )


@requires(Permission.SITE_VIEW)
def site(request: PersonRequest, code: str) -> HttpResponse:
    found = _site(request, code, Permission.SITE_VIEW)
    today = local_date(timezone.now(), found.time_zone)
    people = Delegation.objects.open_to(request.user, Permission.PERSON_VIEW).filter(site=found)
    context = {
        "site": found,
        "checklist": checklist_of(found, today),
        "delegations": people.in_force(on=today).select_related("user").order_by("role", "user__username"),
        "versions": found.consent_versions.all(),
        "moves": moves_of(found),
        "may_manage": request.user.may(Permission.SITE_MANAGE, found),
    }
    return render(request, "trials/site.html", context)


def checklist_of(site: Site, today: Any) -> list[dict[str, Any]]:
    """Return each line of the activation checklist: done, expired or missing on ``today``."""
    items = {item.kind: item for item in site.checklist.all()}
    lines = []
    for kind in ChecklistKind:
        item = items.get(kind.value)
        state = "missing" if item is None else "done" if item.holds_on(today) else "expired"
        lines.append({"kind": kind, "item": item, "state": state})
    return lines


def moves_of(site: Site) -> list[dict[str, Any]]:
    """Return the states the site may go to, as the buttons say them."""
    possible = MOVES[SiteState(site.state)]
    return [{"to": to.value, "label": MOVE_LABELS[to]} for to in SiteState if to in possible]


@requires(Permission.SITE_MANAGE)
def new_site(request: PersonRequest) -> HttpResponse:
    form = SiteForm(request.POST or None)
    if form.submits(services.create_site, by=request.user, at=timezone.now()):
        return redirect(form.result)
    about = _("The site is planned at first. It consents nobody before its checklist is complete.")
    page = Page(_("New site"), _("Create the site"), reverse("trials:sites"), _("Sites"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SITE_MANAGE)
def change_site(request: PersonRequest, code: str) -> HttpResponse:
    found = _site(request, code, Permission.SITE_MANAGE)
    page = _page_of(found, _("Change the site"), _("Save the change"))
    form = ChangeSiteForm(request.POST or None, instance=found)
    if form.submits(services.change_site, site=found, by=request.user, at=timezone.now()):
        return redirect(form.result)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def _page_of(site: Site, title: str, button: str, **more: Any) -> Page:
    return Page(title, button, reverse("trials:site", args=[site.code]), str(site), **more)


@requires(Permission.SITE_MANAGE)
def fulfil(request: PersonRequest, code: str, kind: str) -> HttpResponse:
    found = _site(request, code, Permission.SITE_MANAGE)
    item = found.checklist.filter(kind=kind).first()
    initial = {name: getattr(item, name, None) for name in ChecklistForm.base_fields}
    form = ChecklistForm(request.POST or None, initial=initial)
    page = _page_of(found, str(ChecklistKind(kind).label), _("Put on record"))
    told = {"site": found, "kind": kind, "by": request.user, "at": timezone.now()}
    if form.submits(services.fulfil_checklist_item, **told):
        return redirect(found)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SITE_MANAGE)
def move_site(request: PersonRequest, code: str, to: str) -> HttpResponse:
    found = _site(request, code, Permission.SITE_MANAGE)
    form = MoveSiteForm(request.POST or None)
    if form.submits(services.move_site, site=found, to=to, by=request.user, at=timezone.now()):
        said = _("Site %(site)s is now “%(state)s”.")
        messages.success(request, said % {"site": found.code, "state": form.result.get_state_display()})
        return redirect(form.result)
    page = _page_of(
        found, str(MOVE_LABELS[SiteState(to)]), _("Yes, do this"), is_grave=to == SiteState.CLOSED
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SITE_MANAGE)
def new_consent_version(request: PersonRequest, code: str) -> HttpResponse:
    found = _site(request, code, Permission.SITE_MANAGE)
    form = ConsentVersionForm(request.POST or None)
    if form.submits(services.add_consent_version, site=found, by=request.user, at=timezone.now()):
        return redirect(found)
    page = _page_of(found, _("New version of the consent form"), _("Put on record"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

"""Sites: from planned to closed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.service_form import Page
from kernel.sorting import sorting
from trials import services
from trials.forms import ChangeSiteForm, ConsentVersionForm, SiteForm
from trials.models import Site
from trials.models.participants import counted_at_site
from trials.models.sites import IN_SET_UP

SORTED = {
    "site": ("code",),
    "state": ("state", "code"),
    "screened": ("screened", "code"),
    "randomized": ("randomized", "code"),
    "planned": ("planned_participants", "code"),
    "protocol": ("protocol_version", "code"),
}


def _site(request: PersonRequest, code: str, permission: Permission) -> Site:
    return get_object_or_404(Site.objects.open_to(request.user, permission), code=code)


@requires(Permission.SITE_VIEW)
def sites(request: PersonRequest) -> HttpResponse:
    order = sorting(request, SORTED, otherwise=("code",))
    rows = Site.objects.open_to(request.user, Permission.SITE_VIEW).annotate(**counted_at_site())
    shown = {
        "sites": rows.order_by(*order.order),
        "sorting": order,
        "may_manage": request.user.may(Permission.SITE_MANAGE),
    }
    return render(request, "trials/sites.html", shown)


@requires(Permission.SITE_MANAGE)
def new_site(request: PersonRequest) -> HttpResponse:
    form = SiteForm(request.POST or None)
    if form.submits(services.create_site, by=request.user, at=timezone.now()):
        return redirect(page_after(form.result))
    about = _(
        "The site is planned at first. The next page leads through its set-up; it consents nobody before all is there."
    )
    page = Page(_("New site"), _("Create the site"), reverse("trials:sites"), _("Sites"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SITE_MANAGE)
def change_site(request: PersonRequest, code: str) -> HttpResponse:
    site = _site(request, code, Permission.SITE_MANAGE)
    page = page_of_step(site, _("Change the site"), _("Save the change"))
    form = ChangeSiteForm(request.POST or None, instance=site)
    if form.submits(services.change_site, site=site, by=request.user, at=timezone.now()):
        return redirect(page_after(form.result))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def page_after(site: Site) -> str:
    """Return where a step of the site leads back to: its set-up while that lasts, then its page."""
    return reverse("trials:set-up" if site.state in IN_SET_UP else "trials:site", args=[site.code])


def page_of_step(site: Site, title: str, button: str, **more: Any) -> Page:
    """Return the page of a step whose way back is that of the site as it is now."""
    return Page(title, button, page_after(site), str(site), **more)


@requires(Permission.SITE_MANAGE)
def new_consent_version(request: PersonRequest, code: str) -> HttpResponse:
    site = _site(request, code, Permission.SITE_MANAGE)
    form = ConsentVersionForm(request.POST or None)
    if form.submits(services.add_consent_version, site=site, by=request.user, at=timezone.now()):
        return redirect(page_after(site))
    page = page_of_step(site, _("New version of the consent form"), _("Put on record"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

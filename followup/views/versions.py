"""Versions of the protocol: what is in force where, what the next one would change, and opening it at a site."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services
from followup.forms import ApprovalForm, OpenVersionForm
from followup.version_history import versions_followed
from followup.versions import preview_page, sites_with_versions, to_do_at
from kernel.service_form import Page
from protocol.text import load, versions
from trials import services as trials
from trials.models import ConsentVersion, Participant, Site, SiteVersion


@requires(Permission.PROTOCOL_VIEW)
def version_list(request: PersonRequest) -> HttpResponse:
    """Show every version with what it is about, and which one each site follows."""
    sites = Site.objects.open_to(request.user, Permission.PROTOCOL_VIEW)
    kept = SiteVersion.objects.open_to(request.user, Permission.PROTOCOL_VIEW)
    context = {
        "texts": [load(version) for version in versions()],
        "sites": sites_with_versions(sites, kept),
    }
    return render(request, "followup/versions.html", context)


def _asked(request: PersonRequest, protocol: str, site: str, permission: Permission) -> Site:
    asked: Site = get_object_or_404(Site.objects.open_to(request.user, permission), code=site)
    if protocol not in versions():
        raise Http404
    return asked


@requires(Permission.VISIT_VIEW)
def site_version(request: PersonRequest, protocol: str, site: str) -> HttpResponse:
    """Show what the version would change for the living participants of the site, or what is left to do."""
    place = _asked(request, protocol, site, Permission.VISIT_VIEW)
    kept = SiteVersion.objects.open_to(request.user, Permission.VISIT_VIEW)
    site_version = kept.filter(site=place, version=protocol).select_related("consent", "act").first()
    people = Participant.objects.open_to(request.user, Permission.VISIT_VIEW)
    now = timezone.now()
    context: dict[str, Any] = {
        "site": place,
        "text": load(protocol),
        "held": site_version,
        "protocol": protocol,
    }
    context["may_manage"] = request.user.may(Permission.SITE_MANAGE, place)
    if site_version is not None and site_version.opened_on:
        context |= to_do_at(site_version, people, at=now)
    else:
        context |= preview_page(place, protocol, page=request.GET.get("page"), at=now)
    return render(request, "followup/site_version.html", context)


def _consent_texts(request: PersonRequest, site: Site, protocol: str) -> QuerySet[ConsentVersion]:
    """Return the texts that may belong to the version: approved no earlier than it is dated."""
    texts = ConsentVersion.objects.open_to(request.user, Permission.SITE_MANAGE).filter(site=site)
    consent_versions: QuerySet[ConsentVersion] = texts.filter(
        approved_on__gte=load(protocol).head.released_on
    )
    return consent_versions


def _page_of(
    site: Site, protocol: str, title: str, button: str, about: str, *, is_grave: bool = False
) -> Page:
    up = reverse("followup:site-version", args=[protocol, site.code])
    label = _("Version %(version)s at site %(site)s") % {"version": protocol, "site": site.code}
    return Page(title, button, up, label, about, is_grave=is_grave)


@requires(Permission.SITE_MANAGE)
def approve_version(request: PersonRequest, protocol: str, site: str) -> HttpResponse:
    """Record when the site's ethics committee approved the version."""
    place = _asked(request, protocol, site, Permission.SITE_MANAGE)
    site_versions = SiteVersion.objects.open_to(request.user, Permission.SITE_MANAGE)
    form = ApprovalForm(
        request.POST or None,
        site_version=site_versions.filter(site=place, version=protocol).first(),
        texts=_consent_texts(request, place, protocol),
    )
    told = {"site": place, "version": protocol, "by": request.user, "at": timezone.now()}
    if form.submits(trials.record_version_approval, **told):
        return redirect("followup:site-version", protocol, place.code)
    about = _("The version opens at the site only after this approval. Nothing changes for anybody yet.")
    page = _page_of(place, protocol, _("Approval of the ethics committee"), _("Put on record"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SITE_MANAGE)
def open_version(request: PersonRequest, protocol: str, site: str) -> HttpResponse:
    """Open the version at the site."""
    place = _asked(request, protocol, site, Permission.SITE_MANAGE)
    form = OpenVersionForm(request.POST or None)
    told = {"site": place, "version": protocol, "by": request.user, "at": timezone.now()}
    if form.submits(services.open_version, **told):
        said = _(
            "Site %(site)s follows version %(version)s from today on. Its visits are being planned anew."
        )
        messages.success(request, said % {"site": place.code, "version": protocol})
        return redirect("followup:site-version", protocol, place.code)
    about = _(
        "Everybody living at the site follows this version from today on. What has not happened is planned anew; "
        "what took place, and what was missed, stays. This cannot be undone."
    )
    page = _page_of(place, protocol, _("Open the version at the site"), _("Open it"), about, is_grave=True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.PARTICIPANT_VIEW)
def version_history(request: PersonRequest, number: str) -> HttpResponse:
    """Show which versions of the protocol the participant has followed, since when."""
    rows = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW).select_related("site")
    participant = get_object_or_404(rows, number=number)
    context = {"participant": participant, "followed": versions_followed(participant)}
    return render(request, "followup/version_history.html", context)

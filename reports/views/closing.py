"""The close-out of a site: what is open there, who asks for it, who confirms it, and the copy that the site keeps."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.clock import local_date
from kernel.service_form import Page
from reports.closing import closing_lines, open_matters_at
from reports.site_copies import copies_for, living_copies_of
from reports.site_versions import data_digest_of
from reports.views.site import CLOSING
from trials import services
from trials.forms import AskCopyForm, CloseOutForm, ConfirmCloseOutForm, EndCloseOutForm
from trials.models import CloseOut, Site
from trials.services.closing import KEEPERS, keeper_of, may_confirm_close_out


def _site(request: PersonRequest, code: str, permission: Permission) -> Site:
    return get_object_or_404(Site.objects.open_to(request.user, permission), code=code)


def _standing(request: PersonRequest, code: str, permission: Permission) -> CloseOut:
    open_to = CloseOut.objects.open_to(request.user, permission).standing()
    close_out: CloseOut = get_object_or_404(open_to.select_related("site"), site__code=code)
    return close_out


def _counts(site: Site, now: datetime) -> dict[str, int]:
    return open_matters_at(site, today=local_date(now, site.time_zone))


@requires(Permission.SITE_CONFIRM)
def closing(request: PersonRequest, code: str) -> HttpResponse:
    """Show what is open at the site, and ask for its close-out."""
    site, now = _site(request, code, Permission.SITE_CONFIRM), timezone.now()
    if site.state not in CLOSING:
        raise Http404
    close_outs = CloseOut.objects.open_to(request.user, Permission.SITE_CONFIRM).filter(site=site)
    standing = close_outs.standing().select_related("asked_by", "confirmed_by").first()
    counts = _counts(site, now)
    may_ask = request.user.may(Permission.SITE_MANAGE, site) and standing is None
    keepers = (
        Site.objects.open_to(request.user, Permission.SITE_MANAGE)
        .filter(state__in=KEEPERS)
        .exclude(pk=site.pk)
    )
    form = CloseOutForm((request.POST or None) if may_ask else None, keepers=keepers)
    told = {"site": site, "count": partial(_counts, now=now), "by": request.user, "at": now}
    if may_ask and form.submits(services.ask_close_out, **told):
        return redirect("trials:close-out", site.code)
    keeper = (
        keeper_of(standing, by=request.user)
        if standing
        else form.cleaned_data.get("keeper")
        if form.is_bound
        else None
    )
    context = {
        "site": site,
        "standing": standing,
        "keeper": keeper,
        "lines": closing_lines(site, counts, keeper=keeper, user=request.user),
        "form": form if may_ask else None,
        "is_second": standing is not None and may_confirm_close_out(standing, request.user),
        **copies_for(standing, user=request.user),
        "ended": close_outs.filter(ended_at__isnull=False).select_related("ended_by", "act"),
    }
    return render(request, "trials/close_out.html", context, status=form.status)


def _page(site: Site, title: str, button: str, about: str = "", **more: Any) -> Page:
    up = reverse("trials:close-out", args=[site.code])
    return Page(title, button, up, _("Close-out of site %(site)s") % {"site": site.code}, about, **more)


@requires(Permission.SITE_CONFIRM)
def confirm_closing(request: PersonRequest, code: str) -> HttpResponse:
    """Confirm the close-out, as the second person."""
    standing, now = _standing(request, code, Permission.SITE_CONFIRM), timezone.now()
    form = ConfirmCloseOutForm(request.POST or None)
    told = {"close_out": standing, "count": partial(_counts, now=now), "by": request.user, "at": now}
    if form.submits(services.confirm_close_out, **told):
        return redirect("trials:close-out", code)
    about = _("The site is closed out with your signature. What is open is counted once more as you sign.")
    page = _page(
        standing.site, _("Confirm the close-out"), _("Sign: the site is closed out"), about, is_grave=True
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SITE_CONFIRM)
def end_closing(request: PersonRequest, code: str) -> HttpResponse:
    """Take the request back, or undo the close-out while the site has not confirmed its copy."""
    standing = _standing(request, code, Permission.SITE_CONFIRM)
    form = EndCloseOutForm(request.POST or None)
    if form.submits(services.end_close_out, close_out=standing, by=request.user, at=timezone.now()):
        return redirect("trials:close-out", code)
    about = _("The site is closed to recruitment afterwards, as it was before.")
    page = _page(standing.site, _("Take the close-out back"), _("Take it back"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SITE_CONFIRM)
def ask_copy(request: PersonRequest, code: str) -> HttpResponse:
    """Have a copy of the records made for the site."""
    standing = _standing(request, code, Permission.SITE_CONFIRM)
    form = AskCopyForm(request.POST or None)
    if form.submits(services.ask_copy, close_out=standing, by=request.user, at=timezone.now()):
        return redirect("trials:close-out", code)
    about = _(
        "One file with the casebook of every participant of the site in both languages, the answers as ODM-XML and the "
        "audit trail with its signatures. The worker makes it; it can take some minutes. A copy that was made before "
        "is replaced."
    )
    page = _page(standing.site, _("Copy for the site"), _("Have a copy made"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CASEBOOK_MAKE)
def living_copies(request: PersonRequest, code: str) -> HttpResponse:
    """Show the copies of the records that were taken while the site works."""
    site = _site(request, code, Permission.CASEBOOK_MAKE)
    return render(request, "trials/copies.html", {"site": site, **living_copies_of(site, user=request.user)})


@requires(Permission.CRF_SIGN)
def ask_living_copy(request: PersonRequest, code: str) -> HttpResponse:
    """Have a copy of the records of a site that works made, as its investigator."""
    site = _site(request, code, Permission.CRF_SIGN)
    form = AskCopyForm(request.POST or None)
    if form.submits(services.ask_living_copy, site=site, by=request.user, at=timezone.now()):
        return redirect("trials:copies", code)
    about = _(
        "One file with the casebook of every participant of the site in both languages, the answers as ODM-XML and the "
        "audit trail with its signatures and proofs. The worker makes it; it can take some minutes."
    )
    up = reverse("trials:copies", args=[site.code])
    page = Page(_("Copy of the records"), _("Have a copy made"), up, _("Copies of the records"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CRF_SIGN)
def confirm_copy(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """Confirm, as the investigator, that the site holds this copy of its records."""
    standing = _standing(request, code, Permission.CRF_SIGN)
    copy = get_object_or_404(standing.copies.select_related("site", "close_out"), pk=pk)
    form = ConfirmCloseOutForm(request.POST or None)
    told = {"copy": copy, "by": request.user, "at": timezone.now()}
    if request.POST:
        told["data_digest"] = data_digest_of(copy.site)
    if form.submits(services.confirm_copy, **told):
        return redirect("trials:close-out", code)
    about = _(
        "You sign that the site holds the copy that you downloaded, and that it opens: the file with the SHA-256 "
        "digest %(digest)s. Once you have signed, the close-out cannot be undone."
    ) % {"digest": copy.digest or "–"}
    page = _page(
        standing.site, _("Copy for the site"), _("Sign: the site has its copy"), about, is_grave=True
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

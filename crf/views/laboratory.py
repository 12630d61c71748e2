"""The reference ranges of a site: what is in force, what was, and how a new one is put on record."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.page.laboratory import RangesForm, WithdrawRangeForm, range_lines
from kernel.service_form import Page
from trials.models import ReferenceRange, Site
from trials.services.laboratory import add_reference_ranges, withdraw_reference_range


@requires(Permission.CRF_VIEW)
def ranges(request: PersonRequest, code: str) -> HttpResponse:
    """Show the ranges of a site, those in force and those of before."""
    site = get_object_or_404(Site.objects.open_to(request.user, Permission.CRF_VIEW), code=code)
    kept = ReferenceRange.objects.open_to(request.user, Permission.CRF_VIEW).filter(site=site)
    return render(
        request,
        "crf/ranges.html",
        {
            "site": site,
            "lines": range_lines(kept),
            "may_record": request.user.may(Permission.RANGE_RECORD, site.pk),
        },
    )


@requires(Permission.RANGE_RECORD)
def new_ranges(request: PersonRequest, code: str) -> HttpResponse:
    """Put ranges on record, a line each."""
    site = get_object_or_404(Site.objects.open_to(request.user, Permission.RANGE_RECORD), code=code)
    form = RangesForm(request.POST or None)
    listed = reverse("crf:ranges", args=[site.code])
    if form.submits(add_reference_ranges, site=site, by=request.user, at=timezone.now()):
        return redirect(listed)
    about = _(
        "Each range ends the one before it for the same test, sex and age. Panels with samples from this day on are "
        "judged by it, those that are on record too."
    )
    page = Page(_("New reference ranges"), _("Put on record"), listed, _("Reference ranges"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.RANGE_RECORD)
def withdraw_range(request: PersonRequest, pk: int) -> HttpResponse:
    """Withdraw a range that was entered by mistake."""
    mine = ReferenceRange.objects.open_to(request.user, Permission.RANGE_RECORD).select_related("site")
    row = get_object_or_404(mine, pk=pk)
    form = WithdrawRangeForm(request.POST or None)
    listed = reverse("crf:ranges", args=[row.site.code])
    told = {"reference_range": row, "by": request.user, "at": timezone.now()}
    if form.submits(withdraw_reference_range, **told):
        return redirect(listed)
    (line,) = range_lines([row])
    about = f"{line.test} · {line.limits} {row.unit} · {row.since.isoformat()}"
    page = Page(_("Withdraw a reference range"), _("Withdraw it"), listed, _("Reference ranges"), about, True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

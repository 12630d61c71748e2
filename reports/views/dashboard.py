"""The dashboard of the trial: what each role watches, with a picture, the table behind it and its file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup.views.agenda import chosen_site
from kernel.clock import local_date
from reports.completeness import cells_of, completeness_report
from reports.quality import Report, Table
from reports.views.quality import REPORTS
from trials.models import Site

# What is watched, in order, and with which right; its page and its file are those of the report.
WATCHED: Final = (
    ("accrual", Permission.VISIT_VIEW),
    ("screening", Permission.VISIT_VIEW),
    ("completeness", Permission.CRF_VIEW),
    ("queries", Permission.QUERY_VIEW),
    ("visits", Permission.VISIT_VIEW),
    ("vital-status", Permission.VISIT_VIEW),
)
# The table that the dashboard shows of a report; the others stand on its page.
SHOWN: Final = {
    "accrual": ("by-site", "forecast"),
    "screening": ("by-site", "reasons"),
    "completeness": ("days-to-entry", "by-site"),
    "queries": ("waiting",),
    "visits": ("by-site",),
    "vital-status": ("age", "month-36"),
}


@dataclass(frozen=True)
class DashboardPart:
    """One report on the dashboard: its picture and main tables, and where its page and file are."""

    report: Report
    tables: tuple[Table, ...]
    href: str
    file_href: str


@require_GET
@requires(Permission.VISIT_VIEW)
def dashboard(request: PersonRequest) -> HttpResponse:
    """Show what the person's roles watch, over the sites that are theirs, or over one of them."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    sites = list(Site.objects.open_to(request.user, Permission.VISIT_VIEW))
    site = chosen_site(request, sites)
    query = f"?site={site.code}" if site else ""
    parts = [
        _part(request, slug, right, site, query, today) for slug, right in WATCHED if request.user.may(right)
    ]
    context = {"parts": parts, "sites": sites, "site": site, "today": today}
    return render(request, "reports/dashboard.html", context)


def _part(
    request: PersonRequest, slug: str, right: Permission, site: Site | None, query: str, today: date
) -> DashboardPart:
    open_here = Site.objects.open_to(request.user, right)
    wanted = (open_here.filter(pk=site.pk) if site else open_here).order_by()
    if slug == "completeness":
        code = site.code if site else ""
        cells = cells_of(request.user, today=today, site=code)
        codes = list(wanted.values_list("code", flat=True))
        report = completeness_report(request.user, cells, site=code, sites=codes)
        page, file = reverse("reports:completeness"), reverse("reports:completeness-file")
    else:
        report = REPORTS[slug][2](wanted, today)
        page, file = reverse("reports:report", args=[slug]), reverse("reports:report-file", args=[slug])
    tables = tuple(
        replace(table, title=f"{report.title} · {table.title}", slug=f"{slug}-{table.slug}")
        for table in report.tables
        if table.slug in SHOWN[slug]
    )
    return DashboardPart(report, tables, f"{page}{query}", f"{file}{query}")

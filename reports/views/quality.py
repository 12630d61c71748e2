"""The reports of quality: one page for each, the same numbers as a file, and the page that lists them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup.views.agenda import chosen_site
from kernel.choices import chosen
from kernel.clock import local_date
from reports.accrual import accrual, screening
from reports.deviations import deviation_report
from reports.elements import content_of_evaluations
from reports.quality import Report, as_csv
from reports.query_ageing import query_report
from reports.questionnaires import compliance
from reports.tidy import ENDINGS, KINDS, tidy_file
from reports.visits_kept import visits_kept
from reports.vital_status import vital_status
from trials.models import Site

Maker = Callable[[QuerySet[Site], date], Report]
REPORTS: Final[dict[str, tuple[object, object, Maker]]] = {
    "accrual": (
        _("Accrual"),
        _("Randomized against plan, by site and month, and when the plan is reached at this rate."),
        lambda sites, today: accrual(sites, today=today),
    ),
    "screening": (
        _("Screening log"),
        _("Who was screened, who was not randomized and why, by site and criterion."),
        lambda sites, today: screening(sites, today=today),
    ),
    "visits": (
        _("Visit adherence"),
        _("Early, in the window, late, not done and missed, by visit and by site."),
        lambda sites, today: visits_kept(sites, today=today),
    ),
    "elements": (
        _("Content of response evaluations"),
        _("Endoscopy, biopsies, PET-CT, EUS and aspiration: due and done."),
        lambda sites, today: content_of_evaluations(sites),
    ),
    "questionnaires": (
        _("Quality of life: expected and received"),
        _("Questionnaires expected, received, and received in their window."),
        lambda sites, today: compliance(sites, today=today),
    ),
    "vital-status": (
        _("Vital status"),
        _("How old the last news is, and who is known at month 36: the primary endpoint rests on it."),
        lambda sites, today: vital_status(sites, today=today),
    ),
    "queries": (
        _("Queries: age and workload"),
        _("How many wait for whom and for how long, and how quickly they are answered and closed, by site."),
        lambda sites, today: query_report(sites, today=today),
    ),
    "deviations": (
        _("Deviations"),
        _("The log by site, category and month, how each was decided, and what became of proposals."),
        lambda sites, today: deviation_report(sites),
    ),
}


@requires(Permission.VISIT_VIEW)
def report_list(request: PersonRequest) -> HttpResponse:
    """List the reports."""
    shown = [
        {"slug": slug, "title": title, "about": about} for slug, (title, about, _make) in REPORTS.items()
    ]
    return render(request, "reports/reports.html", {"reports": shown})


def _made(request: PersonRequest, slug: str, *, today: date) -> tuple[Report, list[Site], Site | None]:
    if slug not in REPORTS:
        raise Http404
    open_here = Site.objects.open_to(request.user, Permission.VISIT_VIEW)
    sites = list(open_here)
    site = chosen_site(request, sites)
    wanted = open_here.filter(pk=site.pk) if site else open_here
    return REPORTS[slug][2](wanted.order_by(), today), sites, site


@requires(Permission.VISIT_VIEW)
def report(request: PersonRequest, slug: str) -> HttpResponse:
    """Show one report over the sites that the person may see, or over one of them."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    made, sites, site = _made(request, slug, today=today)
    return render(request, "reports/report.html", {"report": made, "sites": sites, "site": site})


@requires(Permission.VISIT_VIEW)
def report_file(request: PersonRequest, slug: str) -> HttpResponse:
    """Return the tables of one report as CSV; ``?as=`` asks for one number a row, as CSV or as a workbook."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    made, _sites, site = _made(request, slug, today=today)
    kind = chosen(request, "as", KINDS)
    content = tidy_file(made, kind, as_of=today) if kind else as_csv(made)
    response = HttpResponse(content, content_type=KINDS.get(kind, "text/csv; charset=utf-8"))
    name = f"PALACE-3_{slug}_{site.code if site else 'all'}_{today}.{ENDINGS.get(kind, 'csv')}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

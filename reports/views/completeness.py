"""Completeness: the page with its heat map, the list behind a cell, and the numbers as a file."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.models import ExpectedForm
from crf.queries.assigning import role_choices
from kernel.choices import chosen, chosen_of_all
from kernel.clock import local_date
from kernel.pagination import BoundedPaginator
from kernel.sorting import sorting
from protocol.text import load, versions
from reports.completeness import MEASURES, cells_of, completeness_report, heat_map, listing, narrowed
from reports.quality import as_csv
from reports.tidy import ENDINGS, KINDS, tidy_file
from reports.unfinished_forms import SORTED, lines_of
from trials.models import Site

PER_PAGE = 50


def _today() -> date:
    return local_date(timezone.now(), settings.TRIAL_TIME_ZONE)


def _sites(request: PersonRequest) -> list[Site]:
    return list(Site.objects.open_to(request.user, Permission.CRF_VIEW))


@require_GET
@requires(Permission.CRF_VIEW)
def completeness(request: PersonRequest) -> HttpResponse:
    """Show how complete the expected forms are: by visit and form, by site, by month, and how soon they are entered."""
    sites = _sites(request)
    site = chosen(request, "site", [each.code for each in sites])
    measure = chosen(request, "measure", list(MEASURES), otherwise="complete")
    cells = cells_of(request.user, today=_today(), site=site)
    codes = [each.code for each in sites if site in ("", each.code)]
    shown = {
        "report": completeness_report(request.user, cells, site=site, sites=codes),
        "map": heat_map(cells, measure=measure, site=site),
        "measures": [(name, str(label)) for name, label in MEASURES.items()],
        "measure": measure,
        "measure_label": MEASURES[measure],
        "sites": sites,
        "site": site,
    }
    return render(request, "reports/completeness.html", shown)


@require_GET
@requires(Permission.CRF_VIEW)
def completeness_file(request: PersonRequest) -> HttpResponse:
    """Return every site, visit and form as CSV; ``?as=`` asks for the tables of the page, with one number a row."""
    sites, today = _sites(request), _today()
    site, kind = chosen(request, "site", [each.code for each in sites]), chosen(request, "as", KINDS)
    cells = cells_of(request.user, today=today, site=site)
    if kind:
        codes = [each.code for each in sites if site in ("", each.code)]
        made = completeness_report(request.user, cells, site=site, sites=codes)
        content: str | bytes = tidy_file(made, kind, as_of=today)
    else:
        content = as_csv(listing(cells))
    response = HttpResponse(content, content_type=KINDS.get(kind, "text/csv; charset=utf-8"))
    name = f"PALACE-3_completeness_{site or 'all'}_{today}.{ENDINGS.get(kind, 'csv')}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_GET
@requires(Permission.CRF_VIEW)
def completeness_forms(request: PersonRequest) -> HttpResponse:
    """Show the forms behind one cell, those that are due first at the top."""
    today, sites = _today(), _sites(request)
    visits = {rule.code for version in versions() for rule in load(version).visits}
    rows = ExpectedForm.objects.open_to(request.user, Permission.CRF_VIEW)
    asked = request.GET.get("visit", "")
    if asked not in visits:
        visits |= set(rows.filter(visit_code=asked).values_list("visit_code", flat=True)[:1])
    known = {
        "site": [site.code for site in sites],
        "visit": sorted(visits),
        "form": list(catalogue.forms()),
        "show": list(MEASURES),
    }
    choice = chosen_of_all(request, known)
    columns = {"site": "site__code", "visit": "visit_code", "form": "form_code"}
    rows = rows.filter(**{column: choice[name] for name, column in columns.items() if choice[name]})
    rows = narrowed(rows, choice["show"], today=today).select_related("participant", "visit")
    order = sorting(request, SORTED, otherwise=SORTED["due"])
    page = BoundedPaginator(rows.order_by(*order.order), PER_PAGE).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "lines": lines_of(page.object_list, today=today),
        "sorting": order,
        "chosen": choice,
        "sites": sites,
        "visits": sorted(visits),
        "forms": [(form.code, str(form.title)) for form in catalogue.forms().values()],
        "measures": [(name, str(label)) for name, label in MEASURES.items()],
        "may_ask": request.user.may(Permission.QUERY_RAISE),
        "may_lock": request.user.may(Permission.CRF_LOCK),
        "assignees": role_choices(),
    }
    return render(request, "reports/completeness_forms.html", shown)

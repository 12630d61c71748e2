"""Forms of visits that took place and are not complete."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup.models import Visit
from kernel.choices import chosen_of_all
from kernel.clock import local_date
from kernel.pagination import BoundedPaginator
from reports.unfinished_forms import codes, lines_of, owing
from trials.models import Site

PER_PAGE = 50


@require_GET
@requires(Permission.CRF_VIEW)
def unfinished_forms(request: PersonRequest) -> HttpResponse:
    """Show which forms of visits that took place are empty or half filled, the oldest visit first."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    sites = list(Site.objects.open_to(request.user, Permission.CRF_VIEW))
    forms = codes()
    known = {"site": [site.code for site in sites], "form": [code for code, _title in forms]}
    chosen = chosen_of_all(request, known)
    visits = Visit.objects.open_to(request.user, Permission.CRF_VIEW).select_related("participant__site")
    visits = visits.filter(site__code=chosen["site"]) if chosen["site"] else visits
    page = BoundedPaginator(owing(visits, form=chosen["form"]), PER_PAGE).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "lines": lines_of(page.object_list, today=today, form=chosen["form"]),
        "chosen": chosen,
        "sites": sites,
        "forms": forms,
    }
    return render(request, "reports/unfinished_forms.html", shown)

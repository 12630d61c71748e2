"""Forms of visits that took place and are not complete."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.models import ExpectedForm
from crf.queries.assigning import role_choices
from kernel.choices import chosen_of_all
from kernel.clock import local_date
from kernel.pagination import BoundedPaginator
from kernel.sorting import sorting
from reports.unfinished_forms import SORTED, codes, lines_of
from trials.models import Site

PER_PAGE = 50


@require_GET
@requires(Permission.CRF_VIEW)
def unfinished_forms(request: PersonRequest) -> HttpResponse:
    """Show which forms of visits that took place are empty or half filled, the longest overdue first."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    sites = list(Site.objects.open_to(request.user, Permission.CRF_VIEW))
    forms = codes()
    known = {
        "site": [site.code for site in sites],
        "form": [code for code, _title in forms],
        "show": ["overdue"],
    }
    chosen = chosen_of_all(request, known)
    rows = ExpectedForm.objects.open_to(request.user, Permission.CRF_VIEW).unfilled()
    rows = rows.overdue(on=today) if chosen["show"] else rows
    rows = rows.filter(site__code=chosen["site"]) if chosen["site"] else rows
    rows = rows.filter(form_code=chosen["form"]) if chosen["form"] else rows
    order = sorting(request, SORTED, otherwise=SORTED["due"])
    rows = rows.select_related("participant", "visit").order_by(*order.order)
    page = BoundedPaginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "lines": lines_of(page.object_list, today=today),
        "sorting": order,
        "chosen": chosen,
        "sites": sites,
        "forms": forms,
        "may_ask": request.user.may(Permission.QUERY_RAISE),
        "assignees": role_choices(),
    }
    return render(request, "reports/unfinished_forms.html", shown)

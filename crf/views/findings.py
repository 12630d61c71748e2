"""What checks of level listing find: seen by data management, and asked about where that is needed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.page.findings import SORTED, STATES, lines_of, listing_checks
from crf.queries.assigning import role_choices
from kernel.choices import chosen_of_all
from kernel.sorting import sorting
from trials.models import Site


@require_GET
@requires(Permission.FINDING_VIEW)
def findings(request: PersonRequest) -> HttpResponse:
    """List findings by site, form, check and state, the newest first."""
    sites, checks = Site.objects.open_to(request.user, Permission.FINDING_VIEW), listing_checks()
    forms = [
        form for form in catalogue.forms().values() if any(check.code in checks for check in form.checks)
    ]
    known: dict[str, Collection[str]] = {
        "site": [site.code for site in sites],
        "form": [form.code for form in forms],
        "check": checks,
        "state": [value for value, _label in STATES],
    }
    typed = {name: request.GET.get(name, "") for name in ("participant", "page")}
    chosen = typed | chosen_of_all(request, known)
    order = sorting(request, SORTED, otherwise=SORTED["found"])
    page, lines = lines_of(request.user, chosen, order.order)
    shown: dict[str, Any] = {
        "page": page,
        "lines": lines,
        "sorting": order,
        "chosen": chosen,
        "sites": sites,
        "forms": forms,
        "checks": checks,
        "states": STATES,
        "may_ask": request.user.may(Permission.QUERY_RAISE),
        "assignees": role_choices(),
        "may_take": request.user.may(Permission.EXPORT_TAKE),
    }
    return render(request, "crf/findings.html", shown)

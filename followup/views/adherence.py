"""How visits keep to their windows."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup.adherence import by_site, by_visit, together
from followup.models import Visit
from followup.views.agenda import chosen_site
from trials.models import Site


@requires(Permission.VISIT_VIEW)
def adherence(request: PersonRequest) -> HttpResponse:
    """Show early, in, late, not done, overdue and missed, by visit and by site."""
    sites = list(Site.objects.open_to(request.user, Permission.VISIT_VIEW))
    site = chosen_site(request, sites)
    visits = Visit.objects.open_to(request.user, Permission.VISIT_VIEW)
    of_site = visits.filter(site=site) if site else visits
    rows = by_visit(of_site)
    context = {
        "sites": sites,
        "site": site,
        "rows": rows,
        "total": together(rows, _("All visits")),
        "by_site": by_site(visits) if len(sites) > 1 else [],
    }
    return render(request, "followup/adherence.html", context)

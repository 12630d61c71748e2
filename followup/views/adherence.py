"""How visits keep to their windows."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup.adherence import adherence_of, together
from followup.models import Visit
from followup.views.agenda import chosen_site
from trials.models import Site


@requires(Permission.VISIT_VIEW)
def adherence(request: PersonRequest) -> HttpResponse:
    """Show early, in, late, not done, overdue and missed, by visit and by site."""
    sites = list(Site.objects.open_to(request.user, Permission.VISIT_VIEW))
    site = chosen_site(request, sites)
    visits = Visit.objects.open_to(request.user, Permission.VISIT_VIEW)
    kept = adherence_of(visits, site=site.code if site else None)
    context = {
        "sites": sites,
        "site": site,
        "rows": kept.by_visit,
        "total": together(kept.by_visit, _("All visits")),
        "by_site": kept.by_site if len(sites) > 1 else [],
    }
    return render(request, "followup/adherence.html", context)

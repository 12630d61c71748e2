"""The delegation log of one site as the paper that a hospital files (ICH E6(R3) 4.2.2)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.clock import local_date
from kernel.paper import set_pages
from protocol.text import load
from trials.models import Delegation, Site
from trials.views.people import state_of


@require_GET
@requires(Permission.PERSON_VIEW)
def delegation_log(request: PersonRequest, code: str) -> HttpResponse:
    """Give everybody who holds or held a role at the site, with room for initials, signatures and the stamp."""
    now = timezone.now()
    site = get_object_or_404(Site.objects.open_to(request.user, Permission.PERSON_VIEW), code=code)
    delegations = Delegation.objects.open_to(request.user, Permission.PERSON_VIEW).filter(site=site)
    delegations = delegations.select_related("user", "granted_by", "confirmed_by", "signature")
    today = local_date(now, site.time_zone)
    context = {
        "site": site,
        "lines": [(each, state_of(each, today)) for each in delegations.order_by("starts_on", "pk")],
        "registry": load(site.protocol_version).fact("registry_id").value,
        "at": now,
        "by": request.user,
        "language": get_language() or "en",
    }
    answer = HttpResponse(
        set_pages(render_to_string("trials/pdf/delegation_log.html", context)), content_type="application/pdf"
    )
    answer["Content-Disposition"] = f'inline; filename="PALACE-3_delegation-log_{code}_{today}.pdf"'
    return answer

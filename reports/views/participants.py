"""The list of participants."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.choices import chosen_of_all
from kernel.clock import local_date
from kernel.pagination import BoundedPaginator
from kernel.sorting import sorting
from reports.participants import lines, narrowed
from reports.transfers import ReleasedLine, released_lines
from trials.models import Participant, Site
from trials.models.participants import Track

PER_PAGE = 50
ARMS = ("1", "2")
COLUMNS = {
    "number": ("number",),
    "site": ("site__code", "number"),
    "state": ("state", "state_since", "number"),
    "registered": ("registered_on", "number"),
}


@requires(Permission.PARTICIPANT_VIEW)
def participant_list(request: PersonRequest) -> HttpResponse:
    """Show the participants whom the person may see, narrowed by the filters of the address."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    seen = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW)
    sites = Site.objects.open_to(request.user, Permission.PARTICIPANT_VIEW)
    told = request.user.sites_with(Permission.ALLOCATION_LIST)
    known = {
        "site": [site.code for site in sites],
        "state": Track.values,
        # Narrowed by arm and state, the list of every site would count an outcome by arm: a site's own list alone is.
        "arm": ARMS if told else (),
        "randomized": ("yes", "no"),
        "late": ("yes",),
    }
    chosen = {"number": request.GET.get("number", ""), **chosen_of_all(request, known)}
    order = sorting(request, COLUMNS, otherwise=("number",))
    if chosen["arm"]:
        seen = seen.filter(site__in=told)
    rows = narrowed(seen, today=today, **chosen).order_by(*order.order)
    page = BoundedPaginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "reports/participants.html",
        {
            "page": page,
            "sorting": order,
            "lines": lines(list(page.object_list), today=today, arms_at=told),
            "chosen": chosen,
            "sites": sites,
            "states": Track.choices,
            "can_register": Site.objects.open_to(request.user, Permission.PARTICIPANT_REGISTER)
            .active()
            .exists(),
            "shows_arm": told is None or bool(told),
            "released": _released(request, list(sites), chosen["number"]) if page.number == 1 else [],
        },
    )


def _released(request: PersonRequest, sites: list[Site], number: str) -> list[ReleasedLine]:
    """Who was transferred from the sites of the person; whoever sees every site has them in the list itself."""
    if request.user.sites_with(Permission.PARTICIPANT_VIEW) is None:
        return []
    return released_lines(sites, number=number)

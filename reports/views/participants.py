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
from reports.participants import lines, narrowed
from trials.models import Participant, Site
from trials.models.participants import Track

PER_PAGE = 50
ARMS = ("1", "2")


@requires(Permission.PARTICIPANT_VIEW)
def participant_list(request: PersonRequest) -> HttpResponse:
    """Show the participants whom the person may see, narrowed by the filters of the address."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    seen = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW)
    sites = Site.objects.open_to(request.user, Permission.PARTICIPANT_VIEW)
    shows_arm = request.user.may(Permission.ALLOCATION_VIEW)
    known = {
        "site": [site.code for site in sites],
        "state": Track.values,
        "arm": ARMS if shows_arm else (),
        "randomized": ("yes", "no"),
        "late": ("yes",),
    }
    chosen = {"number": request.GET.get("number", ""), **chosen_of_all(request, known)}
    rows = narrowed(seen, today=today, **chosen)
    page = BoundedPaginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "reports/participants.html",
        {
            "page": page,
            "lines": lines(list(page.object_list), today=today),
            "chosen": chosen,
            "sites": sites,
            "states": Track.choices,
            "can_register": Site.objects.open_to(request.user, Permission.PARTICIPANT_REGISTER)
            .active()
            .exists(),
            "shows_arm": shows_arm,
        },
    )

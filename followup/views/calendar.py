"""The month of a site, and the feed for a person's own calendar."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from accounts.services import note_use
from followup import services
from followup.calendar import Day, Month, first_of_each_day, icalendar, shown_on
from followup.feeds import living_feed, reader_of, visits_for
from followup.models import Visit
from followup.services.feeds import digest_of
from followup.views.agenda import chosen_day, chosen_site, today_at
from kernel.clock import local_date
from kernel.once import once_for_each_page
from trials.holidays import works_on
from trials.models import Site
from trials.models.people import own_scope

# A month names two hundred visits: it reads of each what it says, and not the forms that are due.
NAMED = ("code", "occurrence", "state", "proposed_on", "took_place_on", "site", "participant__number")


@requires(Permission.VISIT_VIEW)
def month(request: PersonRequest) -> HttpResponse:
    """Show one month of proposed and recorded visits."""
    sites = list(Site.objects.open_to(request.user, Permission.VISIT_VIEW))
    site = chosen_site(request, sites)
    today = today_at(site)
    sheet = Month.of(chosen_day(request, "month", today))
    visits = (
        Visit.objects.open_to(request.user, Permission.VISIT_VIEW).select_related("participant").only(*NAMED)
    )
    by_day: dict[object, list[Visit]] = {}
    days = [on for week in sheet.weeks for on in week]
    for visit in first_of_each_day(
        visits, days=days, sites=[each.pk for each in ([site] if site else sites)]
    ):
        by_day.setdefault(shown_on(visit), []).append(visit)
    weeks = [
        [Day(on, on.month == sheet.first.month, works_on(on), tuple(by_day.get(on, ()))) for on in week]
        for week in sheet.weeks
    ]
    context = {"sites": sites, "site": site, "month": sheet, "weeks": weeks, "today": today}
    return render(request, "followup/month.html", context)


@requires(Permission.VISIT_VIEW)
def feed(request: PersonRequest) -> HttpResponse:
    """Show whether the person has a calendar address; its words only once, right after it was made."""
    address = request.session.pop("new_feed", "")
    return render(request, "followup/feed.html", {"living": living_feed(request.user), "address": address})


@requires(Permission.VISIT_VIEW)
@require_POST
@once_for_each_page
def make_feed(request: PersonRequest) -> HttpResponse:
    token = services.make_feed(user=request.user, at=timezone.now())
    path = reverse("followup:feed-file", args=[token])
    request.session["new_feed"] = request.build_absolute_uri(path)
    return redirect("followup:feed")


@requires(Permission.VISIT_VIEW)
@require_POST
def revoke_feed(request: PersonRequest) -> HttpResponse:
    if services.revoke_feed(user=request.user, at=timezone.now()):
        messages.success(request, _("The calendar address answers no more."))
    return redirect("followup:feed")


@require_GET
def feed_file(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a calendar program that knows the address; anybody else finds nothing here."""
    now = timezone.now()
    today = local_date(now, settings.TRIAL_TIME_ZONE)
    user = reader_of(token, on=today)
    if user is None:
        raise Http404
    note_use(digest=digest_of(token), at=now)
    with own_scope(user):
        text = icalendar(visits_for(user, today=today), name=_("PALACE-3 visits"), at=now)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = f"private, max-age={int(timedelta(minutes=15).total_seconds())}"
    return response

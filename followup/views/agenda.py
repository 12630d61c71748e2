"""The agenda of a site."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup.agenda import SHOWS, Week, by_day, counts, lines, shown
from followup.models import Todo, Visit
from followup.todo_lines import todo_lines
from kernel.choices import chosen
from kernel.clock import local_date
from kernel.days import written
from kernel.pagination import BoundedPaginator
from kernel.reading import UnreadableError, partial_day, plain
from kernel.sorting import sorting
from protocol.partial_dates import partial_date
from trials.models import Site

PER_PAGE = 50
UNDATED = ("due", "overdue", "missed")  # the other lists go by days
SORTED = {
    "participant": ("participant__number", "closes", "pk"),
    "closes": ("closes", "pk"),
    "booked": ("proposed_on", "pk"),
}
PAGED = 1_000  # a week of the whole trial may hold more; who looks for one chooses the site


def chosen_site(request: PersonRequest, sites: list[Site]) -> Site | None:
    """Return the site that the address names, or the only one; None for all of them."""
    wanted = plain(request.GET.get("site", ""))
    chosen = next((site for site in sites if site.code == wanted), None)
    if wanted and chosen is None:
        messages.warning(request, _("There is no site “{site}” that is open to you.").format(site=wanted))
    return chosen or (sites[0] if len(sites) == 1 else None)


def today_at(site: Site | None) -> date:
    """Return the day that it is at the site, or at the trial's office."""
    return local_date(timezone.now(), site.time_zone if site else settings.TRIAL_TIME_ZONE)


def chosen_day(request: PersonRequest, name: str, otherwise: date) -> date:
    """Return the day that the address names, the first of a month that it names; else ``otherwise``, and say so."""
    typed = plain(request.GET.get(name, ""))
    if not typed:
        return otherwise
    try:
        day = partial_date(partial_day(typed))
    except UnreadableError:
        day = None
    if day is None:
        said = _("“{typed}” is no day and no month, so {day} is shown. Type a day such as 2026-11-23.")
        messages.warning(request, said.format(typed=typed, day=written(otherwise)))
    return day.earliest if day else otherwise


@requires(Permission.VISIT_VIEW)
def agenda(request: PersonRequest) -> HttpResponse:
    """Show one week of visits, the whole list, those that are due, overdue or missed, or the to-dos."""
    sites = list(Site.objects.open_to(request.user, Permission.VISIT_VIEW))
    site = chosen_site(request, sites)
    today = today_at(site)
    show = chosen(request, "show", SHOWS, otherwise="week")
    week = Week.around(chosen_day(request, "from", today))
    visits = Visit.objects.open_to(request.user, Permission.VISIT_VIEW).select_related("participant")
    visits = visits.filter(site=site) if site else visits
    todos = Todo.objects.open_to(request.user, Permission.VISIT_VIEW).waiting()
    todos = todos.filter(site=site) if site else todos
    rows = (
        todos.select_related("participant", "visit")
        if show == "todos"
        else shown(visits, show=show, week=week)
    )
    order = sorting(request, SORTED if show in UNDATED else {}, otherwise=())
    rows = rows.order_by(*order.order) if order.order else rows
    page = BoundedPaginator(rows, PER_PAGE, bound=PAGED).get_page(request.GET.get("page"))
    agenda_lines = [] if show == "todos" else lines(page.object_list, today=today)
    context = {
        "sites": sites,
        "site": site,
        "show": show,
        "week": week,
        "this_week": Week.around(today).monday,
        "today": today,
        "page": page,
        "sorting": order if show in UNDATED else None,
        "lines": agenda_lines,
        "days": by_day(agenda_lines) if show in ("week", "list") else [],
        "todos": todo_lines(page.object_list, today=today) if show == "todos" else [],
        "may_record": request.user.may(Permission.VISIT_RECORD),
        "counts": counts(visits) | {"todos": todos.count()},
    }
    return render(request, "followup/agenda.html", context)

"""The agenda of a site."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup.agenda import SHOWS, Week, by_day, counts, lines, shown
from followup.models import Todo, Visit
from followup.todo_lines import todo_lines
from kernel.clock import local_date
from kernel.pagination import BoundedPaginator
from trials.models import Site

PER_PAGE = 50


def chosen_site(request: PersonRequest, sites: list[Site]) -> Site | None:
    """Return the site that the address names, or the only one; None for all of them."""
    wanted = request.GET.get("site", "")
    return next((site for site in sites if site.code == wanted), sites[0] if len(sites) == 1 else None)


def today_at(site: Site | None) -> date:
    """Return the day that it is at the site, or at the trial's office."""
    return local_date(timezone.now(), site.time_zone if site else settings.TRIAL_TIME_ZONE)


def chosen_day(typed: str, otherwise: date) -> date:
    """Return the day that the address names; ``otherwise`` where it names none."""
    try:
        return parse_date(typed) or otherwise
    except ValueError:
        return otherwise


@requires(Permission.VISIT_VIEW)
def agenda(request: PersonRequest) -> HttpResponse:
    """Show one week of visits, the whole list, those that are due, overdue or missed, or the to-dos."""
    sites = list(Site.objects.open_to(request.user, Permission.VISIT_VIEW))
    site = chosen_site(request, sites)
    today = today_at(site)
    show = request.GET.get("show", "") if request.GET.get("show", "") in SHOWS else "week"
    week = Week.around(chosen_day(request.GET.get("from", ""), today))
    visits = Visit.objects.open_to(request.user, Permission.VISIT_VIEW).select_related("participant")
    visits = visits.filter(site=site) if site else visits
    todos = Todo.objects.open_to(request.user, Permission.VISIT_VIEW).waiting()
    todos = todos.filter(site=site) if site else todos
    rows = (
        todos.select_related("participant", "visit")
        if show == "todos"
        else shown(visits, show=show, week=week)
    )
    page = BoundedPaginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    found = [] if show == "todos" else lines(page.object_list, today=today)
    context = {
        "sites": sites,
        "site": site,
        "show": show,
        "week": week,
        "this_week": Week.around(today).monday,
        "today": today,
        "page": page,
        "lines": found,
        "days": by_day(found) if show in ("week", "list") else [],
        "todos": todo_lines(page.object_list, today=today) if show == "todos" else [],
        "counts": counts(visits) | {"todos": todos.count()},
    }
    return render(request, "followup/agenda.html", context)

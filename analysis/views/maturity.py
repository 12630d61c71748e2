"""Survival maturity: over both arms together, or by arm, as a page and as a file."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.maturity import maturity_at, maturity_report, overdue_calls
from analysis.taking import arms_at
from analysis.views.choosing import ChosenData, chosen_data, report_as_file
from audit.acts import open_act
from reports.quality import Report


def _pooled(request: PersonRequest) -> tuple[Report, ChosenData]:
    with transaction.atomic():
        data = chosen_data(request, Permission.VISIT_VIEW, at=timezone.now())
        people = maturity_at(data.cut, data.counted, today=data.today)
        return maturity_report(people, overdue_calls(data.cut, data.keys, today=data.today)), data


def _by_arm(request: PersonRequest) -> tuple[Report, ChosenData]:
    """Return the report by arm, over every site; the look is on record."""
    at = timezone.now()
    with open_act("analysis:arms:look", by=request.user, at=at, reason="survival maturity"):
        data = chosen_data(request, Permission.LIST_WATCH, at=at)
        people, arms = maturity_at(data.cut, data.counted, today=data.today), arms_at(data.cut)
        return maturity_report(people, overdue_calls(data.cut, data.keys, today=data.today), arms=arms), data


def _page(request: PersonRequest, made: tuple[Report, ChosenData], *, by_arm: bool) -> HttpResponse:
    report, data = made
    context = {
        "here": "analysis:maturity",
        "report": report,
        "data": data,
        "by_arm": by_arm,
        "may_compare": not by_arm and request.user.may(Permission.LIST_WATCH),
        "query": request.GET.urlencode(),
    }
    return render(request, "analysis/maturity.html", context)


@requires(Permission.VISIT_VIEW)
def maturity(request: PersonRequest) -> HttpResponse:
    """Show how mature survival is at the sites of the person, both arms together."""
    return _page(request, _pooled(request), by_arm=False)


@requires(Permission.VISIT_VIEW)
def maturity_file(request: PersonRequest) -> HttpResponse:
    """Give the same numbers as CSV."""
    report, data = _pooled(request)
    return report_as_file(report, data)


@requires(Permission.LIST_WATCH)
def maturity_by_arm(request: PersonRequest) -> HttpResponse:
    """Show how mature survival is by arm; the look is on record."""
    return _page(request, _by_arm(request), by_arm=True)


@requires(Permission.LIST_WATCH)
def maturity_arms_file(request: PersonRequest) -> HttpResponse:
    """Give the numbers by arm as CSV; the look is on record."""
    report, data = _by_arm(request)
    return report_as_file(report, data)

"""The safety report: over both arms together, or by arm, as a page and as a file."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.safety.reading import clock_counts, safety_at
from analysis.safety.report import safety_report
from analysis.safety.tables import EVERY, NEOADJUVANT
from analysis.taking import arms_at
from analysis.views.choosing import ChosenData, chosen_data, report_as_file
from audit.acts import open_act
from kernel.choices import chosen
from reports.quality import Report

READERS: Final = (Permission.SAFETY_VIEW, Permission.LIST_WATCH)


def _pooled(request: PersonRequest) -> tuple[Report, ChosenData, str]:
    with transaction.atomic():
        data, period = chosen_data(request, *READERS, at=timezone.now()), _period(request)
        people = safety_at(data.cut, data.counted, today=data.today)
        return (
            safety_report(people, clock_counts(data.cut, data.keys, at=data.at), period=period),
            data,
            period,
        )


def _by_arm(request: PersonRequest) -> tuple[Report, ChosenData, str]:
    """Return the report by arm, over every site; the look is on record."""
    at = timezone.now()
    with open_act("analysis:arms:look", by=request.user, at=at, reason="safety"):
        data, period = chosen_data(request, Permission.LIST_WATCH, at=at), _period(request)
        people, arms = safety_at(data.cut, data.counted, today=data.today), arms_at(data.cut)
        counts = clock_counts(data.cut, data.keys, at=data.at)
        return safety_report(people, counts, period=period, arms=arms), data, period


def _period(request: PersonRequest) -> str:
    return chosen(request, "period", (NEOADJUVANT, EVERY), otherwise=NEOADJUVANT)


def _page(request: PersonRequest, made: tuple[Report, ChosenData, str], *, by_arm: bool) -> HttpResponse:
    report, data, period = made
    context = {
        "here": "analysis:safety",
        "report": report,
        "data": data,
        "period": period,
        "by_arm": by_arm,
        "may_compare": not by_arm and request.user.may(Permission.LIST_WATCH),
        "may_list": not by_arm and request.user.may(Permission.SAFETY_VIEW),
        "query": request.GET.urlencode(),
    }
    return render(request, "analysis/safety/report.html", context)


@requires(*READERS)
def safety(request: PersonRequest) -> HttpResponse:
    """Show the safety report over the sites of the person, both arms together."""
    return _page(request, _pooled(request), by_arm=False)


@requires(*READERS)
def safety_file(request: PersonRequest) -> HttpResponse:
    """Give the same numbers as CSV."""
    report, data, _of = _pooled(request)
    return report_as_file(report, data)


@requires(Permission.LIST_WATCH)
def safety_by_arm(request: PersonRequest) -> HttpResponse:
    """Show the safety report by arm; the look is on record."""
    return _page(request, _by_arm(request), by_arm=True)


@requires(Permission.LIST_WATCH)
def safety_arms_file(request: PersonRequest) -> HttpResponse:
    """Give the numbers by arm as CSV; the look is on record."""
    report, data, _of = _by_arm(request)
    return report_as_file(report, data)

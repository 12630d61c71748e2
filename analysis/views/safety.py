"""The safety report: over both arms together, or by arm, as a page and as a file."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.safety.tables import EVERY, NEOADJUVANT
from analysis.views.background import reported, request_of
from analysis.views.choosing import ChosenData, chosen_data, report_as_file
from kernel.choices import chosen
from reports.quality import Report

READERS: Final = (Permission.SAFETY_VIEW, Permission.LIST_WATCH)
LOOK: Final = "safety"


def _answer(request: PersonRequest, *, by_arm: bool, as_file: bool) -> HttpResponse:
    permissions = (Permission.LIST_WATCH,) if by_arm else READERS
    at = timezone.now()
    with transaction.atomic():
        data = chosen_data(request, *permissions, at=at)
    period = chosen(request, "period", (NEOADJUVANT, EVERY), otherwise=NEOADJUVANT)
    name = "safety-by-arm" if by_arm else "safety"
    asked = request_of(name, data.counted.items(), cut_name=data.cut_name, period=period)
    told = reported(request, asked, at=at, look=LOOK if by_arm else "")
    if told.answer is not None:
        return told.answer
    if as_file:
        return report_as_file(told.content, data)
    return _page(request, told.content, data, told.about | {"period": period, "by_arm": by_arm})


def _page(request: PersonRequest, report: Report, data: ChosenData, about: dict[str, Any]) -> HttpResponse:
    together = not about["by_arm"]
    context = {
        "here": "analysis:safety",
        "report": report,
        "data": data,
        "may_compare": together and request.user.may(Permission.LIST_WATCH),
        "may_list": together and request.user.may(Permission.SAFETY_VIEW),
        "query": request.GET.urlencode(),
    }
    return render(request, "analysis/safety/report.html", context | about)


@requires(*READERS)
def safety(request: PersonRequest) -> HttpResponse:
    """Show the safety report over the sites of the person, both arms together."""
    return _answer(request, by_arm=False, as_file=False)


@requires(*READERS)
def safety_file(request: PersonRequest) -> HttpResponse:
    """Give the same numbers as CSV."""
    return _answer(request, by_arm=False, as_file=True)


@requires(Permission.LIST_WATCH)
def safety_by_arm(request: PersonRequest) -> HttpResponse:
    """Show the safety report by arm; the look is on record."""
    return _answer(request, by_arm=True, as_file=False)


@requires(Permission.LIST_WATCH)
def safety_arms_file(request: PersonRequest) -> HttpResponse:
    """Give the numbers by arm as CSV; the look is on record."""
    return _answer(request, by_arm=True, as_file=True)

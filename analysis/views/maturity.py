"""Survival maturity: over both arms together, or by arm, as a page and as a file."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.views.background import reported, request_of
from analysis.views.choosing import chosen_data, report_as_file

LOOK: Final = "survival maturity"


def _answer(request: PersonRequest, *, by_arm: bool, as_file: bool) -> HttpResponse:
    permission = Permission.LIST_WATCH if by_arm else Permission.VISIT_VIEW
    at = timezone.now()
    with transaction.atomic():
        data = chosen_data(request, permission, at=at)
    name = "maturity-by-arm" if by_arm else "maturity"
    asked = request_of(name, data.counted.items(), cut_name=data.cut_name)
    told = reported(request, asked, at=at, look=LOOK if by_arm else "")
    if told.answer is not None:
        return told.answer
    if as_file:
        return report_as_file(told.content, data)
    context = {
        "here": "analysis:maturity",
        "report": told.content,
        "data": data,
        "by_arm": by_arm,
        "may_compare": not by_arm and request.user.may(Permission.LIST_WATCH),
        "query": request.GET.urlencode(),
    }
    return render(request, "analysis/maturity.html", context | told.about)


@requires(Permission.VISIT_VIEW)
def maturity(request: PersonRequest) -> HttpResponse:
    """Show how mature survival is at the sites of the person, both arms together."""
    return _answer(request, by_arm=False, as_file=False)


@requires(Permission.VISIT_VIEW)
def maturity_file(request: PersonRequest) -> HttpResponse:
    """Give the same numbers as CSV."""
    return _answer(request, by_arm=False, as_file=True)


@requires(Permission.LIST_WATCH)
def maturity_by_arm(request: PersonRequest) -> HttpResponse:
    """Show how mature survival is by arm; the look is on record."""
    return _answer(request, by_arm=True, as_file=False)


@requires(Permission.LIST_WATCH)
def maturity_arms_file(request: PersonRequest) -> HttpResponse:
    """Give the numbers by arm as CSV; the look is on record."""
    return _answer(request, by_arm=True, as_file=True)

"""A page of a report: worked out at once, or what the worker kept of it, with its moment, progress and a new start."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.requests import PersonRequest
from analysis.background.results import ReportRequest, standing_of
from analysis.background.services import ask_for_report, cancel_report, result_of, takes_long
from audit.acts import open_act
from kernel.once import once_for_each_page

NOTHING_NEW: Final = 204
TITLES: Final = {
    "safety": _("Safety"),
    "safety-by-arm": _("Safety by arm"),
    "maturity": _("Survival maturity"),
    "maturity-by-arm": _("Survival maturity by arm"),
    "results": _("Endpoints, counted"),
    "results-by-arm": _("Endpoints, counted by arm"),
    "survival": _("Survival"),
    "survival-by-arm": _("Survival by arm"),
    "quality-of-life": _("Quality of life"),
    "quality-of-life-by-arm": _("Quality of life by arm"),
    "quality-of-life-file": _("Quality of life"),
    "sets": _("Analysis sets"),
    "flow-by-arm": _("Flow of participants by arm"),
}


@dataclass(frozen=True)
class ReportOnPage:
    """What a page has of a report: its content with what stands about its moment, or another answer."""

    content: Any = None
    about: dict[str, Any] = field(default_factory=dict)
    answer: HttpResponse | None = None


def request_of(
    report: str, sites: Iterable[tuple[int, str]], *, cut_name: str = "", **choices: str
) -> ReportRequest:
    """Return what is asked of a report in the language of the page."""
    return ReportRequest(report, tuple(sorted(sites)), cut_name, get_language() or "en", choices)


def reported(request: PersonRequest, asked: ReportRequest, *, at: datetime, look: str = "") -> ReportOnPage:
    """Return what a page shows of a report, or what is answered instead of it.

    ``look`` says of what the arms are looked at: then the look is on record, and so is that it was asked for.
    """
    with transaction.atomic():
        is_long = takes_long(asked)
    if not is_long:
        with _looking(request, look, at):
            return ReportOnPage(result_of(asked, at=at).content)
    if "step" in request.POST:
        _step(request, asked, look, at)
        return ReportOnPage(answer=redirect(request.get_full_path()))
    standing = standing_of(asked)
    if "HX-Request" in request.headers:
        return ReportOnPage(answer=_asked_again(request, standing))
    about = {"standing": standing, "again": request.get_full_path(), "title": TITLES[asked.report]}
    if standing.result is None:
        return ReportOnPage(answer=render(request, "analysis/background/waiting.html", about))
    with _looking(request, look, at):
        return ReportOnPage(standing.result.content, about)


def _looking(request: PersonRequest, look: str, at: datetime) -> AbstractContextManager[Any]:
    if look:
        return open_act("analysis:arms:look", by=request.user, at=at, reason=look)
    return transaction.atomic()


@once_for_each_page
def _step(request: HttpRequest, asked: ReportRequest, look: str, at: datetime) -> HttpResponse:
    person: Any = request
    with _looking(person, look, at):
        if request.POST.get("step") == "cancel":
            cancel_report(asked=asked)
        else:
            ask_for_report(asked=asked)
    return HttpResponse()


def _asked_again(request: PersonRequest, standing: Any) -> HttpResponse:
    """Whoever waits is told what is new; the page is read anew when the work is over."""
    if standing.seen == request.GET.get("seen"):
        return HttpResponse(status=NOTHING_NEW)
    if standing.progress is None:
        answer = HttpResponse(status=NOTHING_NEW)
        answer["HX-Refresh"] = "true"
        return answer
    query = request.GET.copy()
    query.pop("seen", None)
    again = f"{request.path}?{query.urlencode()}" if query else request.path
    return render(request, "analysis/background/standing.html", {"standing": standing, "again": again})

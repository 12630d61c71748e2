"""Quality of life by time: over both arms together, or by arm for who may see it, each look on record."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.quality_of_life import scales
from analysis.quality_picture import scores_picture
from analysis.views.background import reported, request_of
from kernel.choices import chosen
from kernel.spreadsheets import as_csv
from trials.models import Site

LOOK: Final = "quality of life"


def _sites(request: PersonRequest, permission: Permission) -> list[tuple[int, str]]:
    return list(Site.objects.open_to(request.user, permission).values_list("pk", "code"))


@requires(Permission.EXPORT_VIEW)
def quality_of_life(request: PersonRequest) -> HttpResponse:
    """Show scores, answers and deterioration over everybody randomized; nothing here is by arm."""
    return _page(request, by_arm=False)


@requires(Permission.EXPORT_VIEW)
def quality_of_life_file(request: PersonRequest) -> HttpResponse:
    """Give every scale at every time point as CSV, over both arms together."""
    asked = request_of("quality-of-life-file", _sites(request, Permission.EXPORT_VIEW))
    told = reported(request, asked, at=timezone.now())
    if told.answer is not None:
        return told.answer
    answer = HttpResponse(as_csv(told.content), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="PALACE-3_quality_of_life.csv"'
    return answer


@requires(Permission.LIST_WATCH)
def quality_of_life_by_arm(request: PersonRequest) -> HttpResponse:
    """Show them in each arm, with the mixed model; the look is on record."""
    return _page(request, by_arm=True)


def _page(request: PersonRequest, *, by_arm: bool) -> HttpResponse:
    offered = scales()
    scale = chosen(request, "scale", offered, otherwise=next(iter(offered)))
    name, permission = (
        ("quality-of-life-by-arm", Permission.LIST_WATCH)
        if by_arm
        else ("quality-of-life", Permission.EXPORT_VIEW)
    )
    asked = request_of(name, _sites(request, permission), scale=scale)
    told = reported(request, asked, at=timezone.now(), look=LOOK if by_arm else "")
    if told.answer is not None:
        return told.answer
    context = {
        "scales": offered,
        "scale": scale,
        "name": offered[scale],
        "picture": scores_picture(told.content["lines"], title=offered[scale]),
        "by_arm": by_arm,
        "may_compare": request.user.may(Permission.LIST_WATCH),
    }
    return render(request, "analysis/quality_of_life.html", told.content | context | told.about)

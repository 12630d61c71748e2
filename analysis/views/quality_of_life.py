"""Quality of life by time: over both arms together, or by arm for who may see it, each look on record."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.quality_of_life import (
    Groups,
    deterioration_lines,
    file_rows,
    model_of,
    scales,
    score_lines,
)
from analysis.quality_picture import scores_picture
from analysis.reading import derived_at
from analysis.taking import arms_at
from audit.acts import open_act
from exports.cuts import Cut
from kernel.spreadsheets import as_csv
from trials.models import Site


def _together(request: PersonRequest) -> Groups:
    sites = dict(Site.objects.open_to(request.user, Permission.EXPORT_VIEW).values_list("pk", "code"))
    with transaction.atomic():
        return [(pgettext("participants", "All"), list(derived_at(Cut.of_this_snapshot(), sites)))]


@requires(Permission.EXPORT_VIEW)
def quality_of_life(request: PersonRequest) -> HttpResponse:
    """Show scores, answers and deterioration over everybody randomized; nothing here is by arm."""
    return _page(request, _together(request), by_arm=False)


@requires(Permission.EXPORT_VIEW)
def quality_of_life_file(request: PersonRequest) -> HttpResponse:
    """Give every scale at every time point as CSV, over both arms together."""
    answer = HttpResponse(as_csv(file_rows(_together(request))), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="PALACE-3_quality_of_life.csv"'
    return answer


@requires(Permission.LIST_WATCH)
def quality_of_life_by_arm(request: PersonRequest) -> HttpResponse:
    """Show them in each arm, with the mixed model; the look is on record."""
    sites = dict(Site.objects.open_to(request.user, Permission.LIST_WATCH).values_list("pk", "code"))
    with open_act("analysis:arms:look", by=request.user, at=timezone.now(), reason="quality of life"):
        cut = Cut.of_this_snapshot()
        rows, arms = list(derived_at(cut, sites)), arms_at(cut)
    groups = [
        (_("Arm %(arm)s") % {"arm": arm}, [each for each in rows if arms.get(each.facts.number) == arm])
        for arm in ("1", "2")
    ]
    return _page(request, groups, by_arm=True)


def _page(request: PersonRequest, groups: Groups, *, by_arm: bool) -> HttpResponse:
    offered = scales()
    asked = request.GET.get("scale", "")
    scale = asked if asked in offered else next(iter(offered))
    lines = score_lines(groups, scale)
    context = {
        "scales": offered,
        "scale": scale,
        "name": offered[scale],
        "lines": lines,
        "picture": scores_picture(lines, title=offered[scale]),
        "deterioration": deterioration_lines(groups),
        "model": model_of(groups, scale) if by_arm else None,
        "by_arm": by_arm,
        "everybody": sum(len(rows) for _group, rows in groups),
        "may_compare": request.user.may(Permission.LIST_WATCH),
    }
    return render(request, "analysis/quality_of_life.html", context)

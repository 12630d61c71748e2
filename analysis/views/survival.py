"""Survival of every endpoint that is a time, over both arms or by arm; data and code of the reports."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.definitions import DEFINITIONS, warnings_of
from analysis.forms import DataAndCodeForm
from analysis.non_inferiority import non_inferiority_of, signed_limits
from analysis.reading import derived_at
from analysis.reproduction.data import take_data_and_code
from analysis.signed_sets import members_of, signed_sets
from analysis.survival_report import CHOICES, EVERYBODY, SurvivalOfEndpoint, survival_of
from analysis.taking import arms_at
from audit.acts import open_act
from exports.cuts import Cut
from protocol.text import load, versions
from reports.survival.picture import survival_picture
from trials.models import Site

DRAWN = ("OS", "DFSA")
FILE_NAME = "PALACE-3_data_and_code.zip"


@requires(Permission.EXPORT_VIEW)
def survival(request: PersonRequest) -> HttpResponse:
    """Show survival over everybody randomized; nothing here is by arm."""
    sites = dict(Site.objects.open_to(request.user, Permission.EXPORT_VIEW).values_list("pk", "code"))
    with transaction.atomic():
        shown = survival_of(list(derived_at(Cut.of_this_snapshot(), sites)))
    return render(request, "analysis/survival.html", _context(request, shown, by_arm=False))


@requires(Permission.LIST_WATCH)
def survival_by_arm(request: PersonRequest) -> HttpResponse:
    """Show survival in each arm, and what compares them; the look is on record."""
    sites = dict(Site.objects.open_to(request.user, Permission.LIST_WATCH).values_list("pk", "code"))
    with open_act("analysis:arms:look", by=request.user, at=timezone.now(), reason="survival"):
        cut = Cut.of_this_snapshot()
        rows, arms = list(derived_at(cut, sites)), arms_at(cut)
        limits = signed_limits(load(max(versions())))
        report = non_inferiority_of(rows, arms, limits, signed_sets(members_of(rows)))
    context = _context(request, survival_of(rows, arms), by_arm=True)
    return render(request, "analysis/survival.html", context | {"report": report})


def _context(request: PersonRequest, shown: list[SurvivalOfEndpoint], *, by_arm: bool) -> dict[str, Any]:
    return {
        "endpoints": [(each, _title(each), _picture(each)) for each in shown],
        "by_arm": by_arm,
        "warnings": list(
            dict.fromkeys(text for each in shown for text in warnings_of(each.parameter.endpoint))
        ),
        "may_compare": request.user.may(Permission.LIST_WATCH),
        "may_take": request.user.may(Permission.EXPORT_TAKE),
        "file_form": DataAndCodeForm(initial={"with_arm": by_arm}),
    }


def _title(each: SurvivalOfEndpoint) -> str:
    definition = next(one for one in DEFINITIONS if one.code == each.parameter.endpoint)
    return f"{definition.title} ({each.parameter.code})"


def _picture(each: SurvivalOfEndpoint) -> str:
    if each.parameter.code not in DRAWN:
        return ""
    curves = {
        _("Everybody") if name == EVERYBODY else _("Arm %(arm)s") % {"arm": name}: answers.curve
        for name, answers in each.analysis.groups.items()
    }
    return survival_picture(curves, choices=CHOICES, title=_title(each), label=_("Days"))


@require_http_methods(["GET", "POST"])
@requires(Permission.EXPORT_TAKE)
def data_and_code(request: PersonRequest) -> HttpResponse:
    """Hand out data and scripts that print the numbers of the reports; that they were taken is on record."""
    form = DataAndCodeForm(request.POST or None)
    if form.is_valid():
        taken = take_data_and_code(**form.arguments(), by=request.user, at=timezone.now())
        answer = HttpResponse(taken.content, content_type="application/zip")
        answer["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
        return answer
    return render(request, "analysis/data_and_code.html", {"file_form": form}, status=form.status)

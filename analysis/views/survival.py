"""Survival of every endpoint that is a time, over both arms or by arm; data and code of the reports."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.definitions import DEFINITIONS, warnings_of
from analysis.forms import DataAndCodeForm
from analysis.reproduction.data import take_data_and_code
from analysis.survival_report import CHOICES, EVERYBODY, SurvivalOfEndpoint
from analysis.views.background import reported, request_of
from reports.survival.picture import survival_picture
from trials.models import Site

DRAWN = ("OS", "DFSA")
FILE_NAME = "PALACE-3_data_and_code.zip"


@requires(Permission.EXPORT_VIEW)
def survival(request: PersonRequest) -> HttpResponse:
    """Show survival over everybody randomized; nothing here is by arm."""
    return _page(request, by_arm=False)


@requires(Permission.LIST_WATCH)
def survival_by_arm(request: PersonRequest) -> HttpResponse:
    """Show survival in each arm, and what compares them; the look is on record."""
    return _page(request, by_arm=True)


def _page(request: PersonRequest, *, by_arm: bool) -> HttpResponse:
    name, permission = (
        ("survival-by-arm", Permission.LIST_WATCH) if by_arm else ("survival", Permission.EXPORT_VIEW)
    )
    sites = Site.objects.open_to(request.user, permission).values_list("pk", "code")
    look = "survival" if by_arm else ""
    told = reported(request, request_of(name, sites), at=timezone.now(), look=look)
    if told.answer is not None:
        return told.answer
    context = _context(request, told.content["endpoints"], by_arm=by_arm)
    return render(request, "analysis/survival.html", told.content | context | told.about)


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

"""What the endpoints count now, over both arms or by arm; and who is in which analysis set, and why not."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.permissions import ROLE_LABELS, Permission, requires
from accounts.requests import PersonRequest
from analysis.forms import DataAndCodeForm, SignSetsForm
from analysis.models import SIGNING_ROLES
from analysis.services import sign_analysis_sets
from analysis.set_report import SetReport
from analysis.signed_sets import signatures_under
from analysis.views.background import reported, request_of
from trials.models import Site


def _sites(request: PersonRequest, permission: Permission) -> dict[int, str]:
    return dict(Site.objects.open_to(request.user, permission).values_list("pk", "code"))


@requires(Permission.EXPORT_VIEW)
def results(request: PersonRequest) -> HttpResponse:
    """Count every endpoint over everybody randomized; nothing here is by arm."""
    asked = request_of("results", _sites(request, Permission.EXPORT_VIEW).items())
    told = reported(request, asked, at=timezone.now())
    if told.answer is not None:
        return told.answer
    context = {
        "may_compare": request.user.may(Permission.LIST_WATCH),
        **_taking(request, with_arm=False),
    }
    return render(request, "analysis/results.html", told.content | context | told.about)


def _taking(request: PersonRequest, *, with_arm: bool) -> dict[str, Any]:
    may_take = request.user.may(Permission.EXPORT_TAKE)
    return {"may_take": may_take, "file_form": DataAndCodeForm(initial={"with_arm": with_arm})}


@requires(Permission.LIST_WATCH)
def results_by_arm(request: PersonRequest) -> HttpResponse:
    """Count every endpoint in each arm; the look is on record."""
    asked = request_of("results-by-arm", _sites(request, Permission.LIST_WATCH).items())
    told = reported(request, asked, at=timezone.now(), look="endpoints")
    if told.answer is not None:
        return told.answer
    context = told.content | _taking(request, with_arm=True) | told.about
    return render(request, "analysis/results.html", context)


@requires(Permission.ANALYSIS_SET_SIGN)
def set_memberships(request: PersonRequest) -> HttpResponse:
    """Show every analysis set with its size, who is not in it and why, and who signed it; no arm is shown."""
    at = timezone.now()
    form = SignSetsForm(request.POST if request.POST and "step" not in request.POST else None)
    if form.submits(sign_analysis_sets, by=request.user, at=at):
        return redirect("analysis:sets")
    asked = request_of("sets", _sites(request, Permission.ANALYSIS_SET_SIGN).items())
    told = reported(request, asked, at=at)
    if told.answer is not None:
        return told.answer
    return _sets_page(request, told.content, form, told.about)


def _sets_page(
    request: PersonRequest, content: SetReport, form: SignSetsForm, about: dict[str, Any]
) -> HttpResponse:
    with transaction.atomic():
        signatures = {each.role: each.signature for each in signatures_under(content.digest)}
    form.initial["seen"] = content.digest
    sees_arms = request.user.may(Permission.LIST_WATCH)
    changed = content.changed_for(sees_arms=sees_arms)
    context = {
        "sets": content.sets,
        "all": content.everybody,
        "sees_arms": sees_arms,
        "form": form,
        "signed": content.is_signed,
        "changed": changed,
        "changed_of_one_arm": len(changed) < len(content.changed),
        "signatures": [(ROLE_LABELS[role], signatures.get(role)) for role in SIGNING_ROLES],
        "may_sign": any(role in request.user.roles and role not in signatures for role in SIGNING_ROLES),
        "zone": settings.TRIAL_TIME_ZONE,
    }
    return render(request, "analysis/sets.html", context | about, status=form.status)

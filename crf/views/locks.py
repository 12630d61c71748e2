"""Freeze and lock: one page for each form, visit, participant and site, and one for the study."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.locks.scope import LockScope
from crf.locks.services import lock_participants, take_step
from crf.page.editor import address, open_participant, open_record
from crf.page.forms import LockSeveralForm, LockStepForm
from crf.page.locks import lock_page, parts_of_participant, parts_of_visit, people_lines, site_lines
from crf.records.signing import NothingThere
from crf.store.records import find_stored_record
from followup.models import Visit
from kernel.clock import local_date
from kernel.errors import Forbidden
from kernel.pagination import BoundedPaginator
from trials.models import Participant, Site

PER_PAGE = 50


def _page(request: PersonRequest, scope: LockScope, up: str, up_label: str, **more: Any) -> HttpResponse:
    """Show what holds over the scope and what stands in the way, and take a step with it."""
    zone = scope.site.time_zone if scope.site is not None else settings.TRIAL_TIME_ZONE
    now, initial = timezone.now(), more.pop("initial", {})
    form = LockStepForm(request.POST or None, initial=initial)
    if request.method == "POST" and not request.user.may(Permission.CRF_LOCK, scope.site):
        raise Forbidden
    if form.submits(take_step, scope=scope, by=request.user, at=now):
        messages.success(request, _("Recorded."))
        return redirect(request.get_full_path())
    shown = {
        "form": form,
        "lock": lock_page(scope, user=request.user, at=now, zone=zone),
        "up": up,
        "up_label": up_label,
        **more,
    }
    return render(request, "crf/lock.html", shown, status=form.status)


@requires(Permission.CRF_VIEW)
def lock_form(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Freeze and lock one form."""
    record_key = open_record(request, number, code, sequence, Permission.CRF_VIEW)
    stored = find_stored_record(record_key)
    if stored is None:
        raise NothingThere(record=record_key.label)
    scope = LockScope.of_record(stored.record, record_key.participant)
    told = {"initial": {"version": stored.record.version}, "version": stored.record.version}
    return _page(request, scope, address("form", record_key), record_key.label, **told)


@requires(Permission.CRF_VIEW)
def lock_visit(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Freeze and lock one visit with its forms."""
    participant = open_participant(request, number, Permission.CRF_VIEW)
    visits = Visit.objects.open_to(request.user, Permission.CRF_VIEW).filter(participant=participant)
    visit = get_object_or_404(visits.select_related("participant__site"), pk=pk)
    parts = parts_of_visit(visit)
    return _page(request, LockScope.of_visit(visit), visit.get_absolute_url(), str(visit), parts=parts)


@requires(Permission.CRF_VIEW)
def lock_participant(request: PersonRequest, number: str) -> HttpResponse:
    """Freeze and lock a participant with all their visits and forms."""
    participant = open_participant(request, number, Permission.CRF_VIEW)
    scope, parts = LockScope.of_participant(participant), parts_of_participant(participant)
    return _page(request, scope, participant.get_absolute_url(), participant.number, parts=parts)


@requires(Permission.CRF_VIEW)
def lock_site(request: PersonRequest, code: str) -> HttpResponse:
    """Freeze and lock a site with all its participants."""
    site = get_object_or_404(Site.objects.open_to(request.user, Permission.CRF_VIEW), code=code)
    several = reverse("crf:lock-participants", args=[code])
    return _page(
        request, LockScope.of_site(site), reverse("crf:locks"), str(_("Freeze and lock")), several=several
    )


@requires(Permission.CRF_VIEW)
def locks(request: PersonRequest) -> HttpResponse:
    """Show how far each site is locked, and freeze the study."""
    sites = site_lines(request.user)
    return _page(request, LockScope.of_study(), reverse("home"), str(_("Work list")), sites=sites)


@requires(Permission.CRF_LOCK)
def lock_several(request: PersonRequest, code: str) -> HttpResponse:
    """Show who of a site is ready to be locked and what fails for the others; lock those who are chosen, or nobody."""
    site = get_object_or_404(Site.objects.open_to(request.user, Permission.CRF_LOCK), code=code)
    people = Participant.objects.open_to(request.user, Permission.CRF_LOCK).filter(site=site)
    people = people.select_related("site").order_by("number")
    form, now = LockSeveralForm(request.POST or None, people=people), timezone.now()
    if form.submits(lock_participants, by=request.user, at=now):
        messages.success(request, _("Recorded."))
        return redirect("crf:lock-participants", code=code)
    page = BoundedPaginator(people, PER_PAGE).get_page(request.GET.get("page"))
    lines = people_lines(page.object_list, site, today=local_date(now, site.time_zone))
    shown = {"form": form, "site": site, "page": page, "lines": lines}
    return render(request, "crf/lock_several.html", shown, status=form.status)

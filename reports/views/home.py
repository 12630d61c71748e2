"""The work list that greets everyone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.requests import PersonRequest
from kernel.clock import local_date
from kernel.pagination import which_have_rows
from notices.second_person import rows_waiting_for
from randomization.models import Envelope
from reports.completeness import HeatMap, site_map
from reports.tiles import tiles_for
from reports.worklist import work_for
from reports.worklist.bands import bands_of
from reports.worklist.differences import DIFFERENCES, differences_for
from reports.worklist.places import places_for
from reports.worklist.same_person import SAME_PERSON, questions_for
from reports.worklist.second_person import OPENED_ENVELOPES
from reports.worklist.sections import OTHER_WORK, WorkListSection
from trials.models import Site


@login_required
def home(request: PersonRequest) -> HttpResponse:
    """Show what the person has to do today."""
    at = timezone.now()
    today = local_date(at, settings.TRIAL_TIME_ZONE)
    sections, waiting = _work(request.user, today, at)
    return render(
        request,
        "reports/home.html",
        {
            "sections": sections,
            "bands": bands_of(sections, today=today) if request.user.roles else [],
            "lists": [section for section in sections if section.total],
            "places": places_for(request.user),
            "map": _map(request.user),
            "tiles": [] if request.user.may(Permission.CRF_EDIT) else tiles_for(request.user),
            "today": today,
            "can_register": "recruiting" in waiting,
        },
    )


@login_required
def work_counts(request: PersonRequest) -> JsonResponse:
    """Return how much waits in each list of the person's work, by the address of the list, for the menu."""
    at = timezone.now()
    sections, _waiting = _work(request.user, local_date(at, settings.TRIAL_TIME_ZONE), at)
    counts: dict[str, str] = {}
    everybody = reverse("reports:participants")  # a number beside it would be taken for how many there are
    for section in sections:
        if section.total and section.href and not section.href.startswith(everybody):
            counts.setdefault(section.href.partition("?")[0], str(section.counted))
    return JsonResponse({"counts": counts})


def _work(user: User, today: date, at: datetime) -> tuple[list[WorkListSection], Collection[str]]:
    """Return the sections of the person's work, and which kinds of things wait that mostly do not."""
    asked = {
        "recruiting": Site.objects.open_to(user, Permission.PARTICIPANT_REGISTER).active(),
        OPENED_ENVELOPES: Envelope.objects.open_to(user, Permission.ALLOCATION_REQUEST).not_entered(),
        DIFFERENCES: differences_for(user),
        SAME_PERSON: questions_for(user),
        **rows_waiting_for(user),
        **{each.name: each.rows(user) for each in OTHER_WORK},
    }
    waiting = which_have_rows(asked)
    return work_for(user, today=today, at=at, waiting=waiting), waiting


def _map(user: User) -> HeatMap | None:
    """Return completeness by site and form for those who look after the data of many."""
    return site_map(user) if user.may(Permission.CRF_LOCK) or user.may(Permission.CRF_VERIFY) else None

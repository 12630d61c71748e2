"""Randomizing a participant, and what the site holds afterwards."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from audit.authors import MOVING, name_authors
from followup.models import Visit
from kernel.clock import local_date
from kernel.pagination import BoundedPaginator
from kernel.service_form import Page
from randomization import services
from randomization.allocation import documents
from randomization.allocation.readiness import readiness
from randomization.allocation.strata import corrected, stages_beside
from randomization.forms import MistakeCorrectionForm, MistakeForm, RandomizationReasonForm, RandomizeForm
from randomization.models import Allocation, AllocationError, Envelope, ListPart
from randomization.services.envelopes import EmergencyEnvelope, opening_of
from randomization.wording import agreed_days, arm_words, last_immune_day, mark_in_words, visit_words
from trials.models import Participant
from trials.models.participants import Track

FIRST_VISITS = 8
PER_PAGE = 50


def _participant(request: PersonRequest, number: str, permission: Permission) -> Participant:
    open_to = Participant.objects.open_to(request.user, permission)
    return get_object_or_404(open_to.select_related("site"), number=number)


def _allocation(request: PersonRequest, number: str, permission: Permission) -> Allocation:
    open_to = Allocation.objects.open_to(request.user, permission)
    whole = open_to.select_related("participant__site", "part__scheme", "randomized_by", "signature")
    return get_object_or_404(whole, participant__number=number)


@transaction.non_atomic_requests
@requires(Permission.ALLOCATION_REQUEST)
def randomize(request: PersonRequest, number: str) -> HttpResponse:
    """Show the strata with the forms they come from, or what is missing; on POST, randomize."""
    now = timezone.now()
    with transaction.atomic():
        participant = _participant(request, number, Permission.ALLOCATION_REQUEST)
        allocated = Allocation.objects.open_to(request.user, Permission.ALLOCATION_VIEW).filter(
            participant=participant, arm__isnull=False
        )
        was_randomized = allocated.exists()
        if was_randomized and not request.POST.get("envelope"):  # a second window may name another envelope
            return redirect("randomization:allocation", number)
        ready = readiness(participant, at=now)
        openings = _openings(request, participant)
    form = RandomizeForm(
        request.POST or None, initial={"confirmed_stratum": ready.stratum}, openings=openings
    )
    if form.submits(services.randomize, participant=participant, by=request.user, at=now):
        said = (
            _("Participant %(number)s was randomized already.")
            if was_randomized
            else _("Participant %(number)s is randomized.")
        )
        messages.success(request, said % {"number": number})
        return redirect("randomization:allocation", number)
    context = {"form": form, "participant": participant, "ready": ready, "was_randomized": was_randomized}
    with transaction.atomic():  # outside a transaction the scope shows no row
        return render(request, "randomization/randomize.html", context, status=form.status)


def _openings(request: PersonRequest, participant: Participant) -> dict[str, EmergencyEnvelope]:
    """Return the openings on record at the site whose participant is not entered yet, by their numbers."""
    open_to = Envelope.objects.open_to(request.user, Permission.ALLOCATION_REQUEST)
    rows = open_to.not_entered().filter(site=participant.site).select_related("site")
    return {each.number: opening_of(each) for each in rows}


@requires(Permission.ALLOCATION_VIEW)
def allocation(request: PersonRequest, number: str) -> HttpResponse:
    """The arm, the number, what happens next and the first visits."""
    allocation = _allocation(request, number, Permission.ALLOCATION_VIEW)
    visits = Visit.objects.open_to(request.user, Permission.VISIT_VIEW).filter(
        participant=allocation.participant
    )
    today = local_date(timezone.now(), allocation.participant.site.time_zone)
    beside = stages_beside(allocation)
    context = {
        "allocation": allocation,
        "arm": arm_words(allocation),
        "is_new": allocation.participant.state == Track.RANDOMISED,
        "visits": visit_words(visits.current(), version=allocation.participant.protocol_version, on=today)[
            :FIRST_VISITS
        ],
        "beside": beside if beside.contradicts(allocation) else None,
        "errors": with_history(allocation.errors.all()),
        "may_correct": request.user.may(Permission.ALLOCATION_CORRECT, allocation.site_id),
    }
    return render(request, "randomization/allocation.html", context)


@requires(Permission.ALLOCATION_VIEW)
def certificate_json(request: PersonRequest, number: str) -> HttpResponse:
    """The certificate as ``python -m randomization.allocation.verify`` reads it."""
    allocation = _allocation(request, number, Permission.ALLOCATION_VIEW)
    answer = JsonResponse(allocation.certificate or {}, json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="{allocation.number}.json"'
    return answer


@requires(Permission.ALLOCATION_VIEW)
def certificate_pdf(request: PersonRequest, number: str, language: str) -> HttpResponse:
    allocation = _allocation(request, number, Permission.ALLOCATION_VIEW)
    return _pdf(
        documents.certificate_pdf(allocation, at=timezone.now(), language=language),
        f"{allocation.number}-{language}.pdf",
    )


@requires(Permission.ALLOCATION_VIEW)
def visit_card_pdf(request: PersonRequest, number: str, language: str) -> HttpResponse:
    allocation = _allocation(request, number, Permission.ALLOCATION_VIEW)
    visits = Visit.objects.open_to(request.user, Permission.VISIT_VIEW).filter(
        participant=allocation.participant
    )
    now = timezone.now()
    today = local_date(now, allocation.participant.site.time_zone)
    with transaction.atomic():  # outside a transaction the scope shows no row
        agreed = agreed_days(allocation.participant)
        given_on = last_immune_day(allocation.participant)
    card = documents.visit_card_pdf(
        allocation,
        list(visits.current()),
        on=today,
        agreed=agreed,
        at=now,
        language=language,
        last_immune=given_on,
    )
    return _pdf(card, f"{number}-visits-{language}.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


def with_history(marks: QuerySet[AllocationError]) -> list[Any]:
    """Return the marks, each with what it said before, until when and why that changed."""
    named: list[Any] = name_authors(marks.select_related("act").prefetch_related("events__act"))
    for mark in named:
        events = [version for version in mark.events.all() if version.act.verb != MOVING]
        versions = sorted(events, key=lambda version: version.pgh_id)
        mark.told, mark.done = mark_in_words(mark.detail), mark_in_words(mark.action)
        mark.earlier = [{"version": before, "changed": after.act} for before, after in pairwise(versions)]
    return named


@requires(Permission.ALLOCATION_CORRECT)
def record_error(request: PersonRequest, number: str) -> HttpResponse:
    """Mark a mistake about the allocation; nothing about the allocation changes."""
    allocation = _allocation(request, number, Permission.ALLOCATION_CORRECT)
    now = timezone.now()
    today = local_date(now, allocation.participant.site.time_zone)
    form = MistakeForm(request.POST or None, initial={"found_on": today})
    if form.submits(services.record_allocation_error, allocation=allocation, by=request.user, at=now):
        return redirect("randomization:allocation", number)
    context = {"form": form, "allocation": allocation}
    return render(request, "randomization/error.html", context, status=form.status)


def _mark(request: PersonRequest, number: str, pk: int) -> AllocationError:
    open_to = AllocationError.objects.open_to(request.user, Permission.ALLOCATION_CORRECT)
    rows = open_to.select_related("allocation__participant__site", "participant")
    allocation_error: AllocationError = get_object_or_404(rows, pk=pk, participant__number=number)
    return allocation_error


@requires(Permission.ALLOCATION_CORRECT)
def correct_error(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Correct what a mark says, with a reason."""
    mark = _mark(request, number, pk)
    names = ("found_on", "detail", "action", "strat_stage_true")
    initial = {name: getattr(mark, name) for name in names}
    form = MistakeCorrectionForm(request.POST or None, kind=mark.kind, initial=initial)
    if form.submits(services.correct_allocation_error, error=mark, by=request.user, at=timezone.now()):
        return redirect("randomization:allocation", number)
    page = _page_of(mark, _("Correct a mark: %(kind)s"), _("Save the correction"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.ALLOCATION_CORRECT)
def withdraw_error(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Withdraw a mark that was made by mistake."""
    mark = _mark(request, number, pk)
    form = RandomizationReasonForm(request.POST or None)
    if form.submits(services.withdraw_allocation_error, error=mark, by=request.user, at=timezone.now()):
        return redirect("randomization:allocation", number)
    page = _page_of(mark, _("Withdraw a mark: %(kind)s"), _("Withdraw it"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def _page_of(mark: AllocationError, title: str, button: str) -> Page:
    number = mark.participant.number
    up = reverse("randomization:allocation", args=[number])
    return Page(title % {"kind": mark.get_kind_display()}, button, up, number)


@requires(Permission.ALLOCATION_VIEW)
def errors(request: PersonRequest) -> HttpResponse:
    """The register of randomization errors."""
    open_to = AllocationError.objects.open_to(request.user, Permission.ALLOCATION_VIEW)
    register = with_history(open_to.select_related("participant__site", "allocation", "recorded_by"))
    return render(request, "randomization/errors.html", {"register": register})


@requires(Permission.ALLOCATION_VIEW)
def strata(request: PersonRequest) -> HttpResponse:
    """Every allocation whose stage group was corrected after it, with both values (protocol X072)."""
    rows = corrected(Allocation.objects.open_to(request.user, Permission.ALLOCATION_VIEW))
    ordered = rows.select_related("participant").order_by("-randomized_at", "-pk")
    page = BoundedPaginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "randomization/strata.html", {"page": page})


@requires(Permission.PROTOCOL_VIEW)
def roots(request: PersonRequest) -> HttpResponse:
    """The published roots of every list that is in force, for anybody who holds a certificate."""
    parts = ListPart.objects.open_to(request.user, Permission.PROTOCOL_VIEW)
    published = parts.filter(activated_at__isnull=False).select_related("scheme")
    return render(request, "randomization/roots.html", {"parts": published})


@requires(Permission.PROTOCOL_VIEW)
def root_pdf(request: PersonRequest, label: str, language: str) -> HttpResponse:
    """The commitment of one list, to be filed at the site."""
    parts = ListPart.objects.open_to(request.user, Permission.PROTOCOL_VIEW)
    published = parts.filter(activated_at__isnull=False).select_related("scheme", "activated_by", "asked_by")
    part = get_object_or_404(published, scheme__version=int(label[:-1]), number=ord(label[-1]) - 64)
    return _pdf(documents.commitment_pdf(part, language=language), f"list-{label}-{language}.pdf")

"""Randomizing from a site's own front end: the same service, the same refusals."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from accounts.series import tell_signer
from exports.api.bodies import members_of, text_in
from exports.api.described import TEXT, DescribedAnswer, members, named
from exports.api.endpoint import endpoint
from exports.api.requests import CallerRequest
from kernel.clock import with_offset
from randomization.allocation.readiness import Readiness, readiness
from randomization.allocation.strata import stages_beside
from randomization.models import Allocation
from randomization.services import randomize
from trials.models import Participant


@transaction.non_atomic_requests
@extend_schema(summary="A participant's allocation, or what is missing; randomize")
@endpoint(
    {"GET": Permission.ALLOCATION_VIEW, "POST": Permission.ALLOCATION_REQUEST},
    tag="randomization",
    answers={
        "GET": DescribedAnswer({"anyOf": [named("Allocation"), named("AllocationAwaited")]}),
        "POST": DescribedAnswer(
            named("Allocation"),
            status=201,
            body=members(
                {"confirmed_stratum": TEXT, "username": TEXT, "password": TEXT}, optional=("username",)
            ),
            also={200: named("Allocation")},
        ),
    },
)
def allocation(request: CallerRequest, number: str) -> Response:
    """Show the allocation, or the stratum and unmet conditions. Randomize: ``{"confirmed_stratum", "password"}``.

    A call that rests on the sign-in of the pages says ``username`` as well with the first signature of its session.
    """
    now = timezone.now()
    permission = Permission.ALLOCATION_REQUEST if request.method == "POST" else Permission.ALLOCATION_VIEW
    with transaction.atomic():
        rows = Participant.objects.open_to(request.user, permission).select_related("site")
        participant = get_object_or_404(rows, number=number)
        allocation = (
            Allocation.objects.open_to(request.user, permission).filter(participant=participant).first()
        )
        ready = readiness(participant, at=now) if allocation is None else None
    if request.method == "POST":
        sent = members_of(request, "confirmed_stratum", "username", "password")
        tell_signer(text_in(sent.get("username", ""), "username"))
        given = randomize(
            participant=participant,
            confirmed_stratum=text_in(sent.get("confirmed_stratum", ""), "confirmed_stratum"),
            password=text_in(sent.get("password", ""), "password"),
            by=request.user,
            at=now,
        )
        return Response(_given(given, number), status=200 if allocation else 201)
    return Response(_given(allocation, number) if allocation else _waiting(ready, number))


def _given(allocation: Allocation, number: str) -> dict[str, Any]:
    with transaction.atomic():
        seen, zone = stages_beside(allocation), allocation.site.time_zone
    return {
        "participant": number,
        "number": allocation.number,
        "arm": allocation.arm,
        "stage_group": allocation.strat_stage,
        "stage_group_corrected": seen.corrected,
        "stage_group_marked": seen.marked,
        "site": allocation.strat_site,
        "randomized_at": with_offset(allocation.randomized_at, zone),
        "certificate": allocation.certificate,
    }


def _waiting(ready: Readiness | None, number: str) -> dict[str, Any]:
    unmet = ready.unmet if ready else ()
    return {
        "participant": number,
        "stratum": ready.stratum if ready else "",
        "unmet": [{"code": each.code, "text": str(each.text)} for each in unmet],
    }

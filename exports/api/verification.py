"""What is left to verify against source, for a program."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from exports.api.described import DescribedAnswer, array_of, named
from exports.api.endpoint import endpoint
from exports.api.parameters import SITE
from exports.api.requests import CallerRequest
from reports.verification import NUMBERS, cells_of, verifications_for


@extend_schema(summary="Source verification by site, visit and form")
@endpoint(
    {"GET": Permission.CRF_VIEW},
    tag="cleaning",
    answers={"GET": DescribedAnswer(array_of(named("VerificationCell")))},
    parameters={"GET": (SITE,)},
)
def verification(request: CallerRequest) -> Response:
    """Count the fields that the plan requires to be verified, and those that are left, as the page does."""
    cells = cells_of(verifications_for(request.user, {"site": request.GET.get("site", "")}))
    told = [
        {"site": site, "visit": visit, "form": form, **dict(zip(NUMBERS, numbers, strict=True))}
        for (site, visit, form), numbers in sorted(cells.items())
    ]
    return Response(told)

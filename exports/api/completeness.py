"""Completeness of the forms that visits expect, for a program."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from exports.api.described import DescribedAnswer, array_of, named
from exports.api.endpoint import endpoint
from exports.api.parameters import SITE
from exports.api.requests import CallerRequest
from kernel.clock import local_date
from reports.completeness import MEASURES, cells_of


@extend_schema(summary="Completeness by site, visit and form")
@endpoint(
    {"GET": Permission.CRF_VIEW},
    tag="cleaning",
    answers={"GET": DescribedAnswer(array_of(named("CompletenessCell")))},
    parameters={"GET": (SITE,)},
)
def completeness(request: CallerRequest) -> Response:
    """Count the forms that visits which took place expect, and how far they are, as the page does."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    cells = cells_of(request.user, today=today, site=request.GET.get("site", ""))
    told = [
        {
            "site": site,
            "visit": visit,
            "form": form,
            "expected": cell.expected,
            **{name: cell.numbers[name] for name in MEASURES},
        }
        for (site, visit, form), cell in sorted(cells.items())
        if cell.expected
    ]
    return Response(told)

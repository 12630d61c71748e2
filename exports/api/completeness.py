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
from reports.completeness import (
    MEASURES,
    QUARTILES,
    TREND,
    by_site_and_month,
    cells_of,
    days_to_entry,
    month_counts,
    percentile,
)


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


@extend_schema(summary="Completeness by site and month of the visit")
@endpoint(
    {"GET": Permission.CRF_VIEW},
    tag="cleaning",
    answers={"GET": DescribedAnswer(array_of(named("CompletenessMonth")))},
    parameters={"GET": (SITE,)},
)
def completeness_months(request: CallerRequest) -> Response:
    """Count the forms of the visits of each month: expected, entered and complete, the trend of the page."""
    counted = by_site_and_month(month_counts(request.user, site=request.GET.get("site", "")))
    return Response(
        [
            {"site": site, "month": month, **{name: numbers[name] for name in TREND}}
            for (site, month), numbers in counted.items()
        ]
    )


@extend_schema(summary="Days from visit to entry by site")
@endpoint(
    {"GET": Permission.CRF_VIEW},
    tag="cleaning",
    answers={"GET": DescribedAnswer(array_of(named("DaysToEntry")))},
    parameters={"GET": (SITE,)},
)
def completeness_entry(request: CallerRequest) -> Response:
    """Say how soon forms are entered: quartiles of the days from the visit, of forms that belong to one visit."""
    counted = days_to_entry(month_counts(request.user, site=request.GET.get("site", "")))
    return Response(
        [
            {
                "site": site,
                "forms": days.total(),
                **{f"days_at_{percent}_percent": percentile(days, percent) for percent in QUARTILES},
            }
            for site, days in counted.items()
        ]
    )

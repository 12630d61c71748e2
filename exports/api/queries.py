"""Queries, their age by site, and what each check has brought, for a program."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import Permission
from crf.check_review.yields import yields_of
from crf.models import Query
from crf.queries.list import STATES, chosen_queries, line_of
from crf.queries.sparing import code_in_lists
from exports.api.described import TEXT, DescribedAnswer, array_of, named, one_of_codes, page_of
from exports.api.endpoint import endpoint
from exports.api.pages import paged_changes
from exports.api.parameters import CHANGED_SINCE, FORM, PAGE, PARTICIPANT, SITE, QueryParameter, one_of
from exports.api.requests import CallerRequest
from kernel.clock import local_date, with_offset
from kernel.row_keys import row_key
from reports.query_ageing import BANDS, loads_of
from trials.models import Site

CLEANING = "cleaning"
QUERY_STATE = QueryParameter(
    "state",
    one_of_codes([value for value, _label in STATES]),
    "Queries that are not closed (unless you say otherwise), open, answered, to be reviewed, closed, or all.",
    one_of([value for value, _label in STATES]),
)


@extend_schema(summary="Queries of the sites you may see")
@endpoint(
    {"GET": Permission.QUERY_VIEW},
    tag=CLEANING,
    answers={"GET": DescribedAnswer(page_of(named("Query"), changed_until=TEXT))},
    parameters={"GET": (SITE, PARTICIPANT, FORM, QUERY_STATE, CHANGED_SINCE, *PAGE)},
)
def queries(request: CallerRequest) -> Response:
    """List queries with what they ask and to whom they are assigned; without the answers that they are about."""
    chosen = {name: request.GET.get(name, "") for name in ("site", "participant", "form", "state")}
    now = timezone.now()
    rows = chosen_queries(request.user, chosen, at=now)
    return paged_changes(rows, request, lambda page: [_query(row, request.user, at=now) for row in page])


def _query(row: Query, reader: User, *, at: datetime) -> dict[str, Any]:
    zone = row.site.time_zone
    return {
        "id": row_key(row),
        "participant": row.participant.number,
        "site": row.site.code,
        "form": row.form_code,
        "visit": row.visit.code if row.visit else None,
        "sequence": row.sequence,
        "question": row.target,
        "check": code_in_lists(row, reader),
        "text": line_of(row, reader=reader, at=at).text,
        "state": row.shown_state,
        "resolution": row.resolution,
        "assigned_role": row.assigned_role,
        "assigned_to": row.assigned_to.username if row.assigned_to else None,
        "opened_at": with_offset(row.opened_at, zone),
        "closed_at": with_offset(row.closed_at, zone) if row.closed_at else None,
    }


@extend_schema(summary="Age and workload of queries by site")
@endpoint(
    {"GET": Permission.QUERY_VIEW},
    tag=CLEANING,
    answers={"GET": DescribedAnswer(array_of(named("QueryAgeing")))},
    parameters={"GET": (SITE,)},
)
def query_ageing(request: CallerRequest) -> Response:
    """Count the queries that wait, by age, and the work of the last weeks, as the report does."""
    sites = Site.objects.open_to(request.user, Permission.QUERY_VIEW)
    if code := request.GET.get("site"):
        sites = sites.filter(code=code)
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    return Response(
        [
            {
                "site": code,
                "open": load.open,
                "answered": load.answered,
                "to_review": load.to_review,
                "ages": [
                    {"from": first, "to": last, "queries": number}
                    for (first, last), number in zip(BANDS, load.bands, strict=True)
                ],
                "oldest_days": load.oldest,
                "raised": load.raised,
                "closed": load.closed,
                "median_days_to_answer": load.work[2],
                "median_days_to_close": load.work[3],
            }
            for code, load in loads_of(sites, today=today).items()
        ]
    )


@extend_schema(summary="What each check has brought")
@endpoint(
    {"GET": Permission.FINDING_VIEW},
    tag=CLEANING,
    answers={"GET": DescribedAnswer(array_of(named("CheckYield")))},
    parameters={"GET": (SITE, FORM)},
)
def checks(request: CallerRequest) -> Response:
    """Count for each check how often it fired, led to a change and was confirmed as it is, with its marks.

    Checks that look at the arm are left out: their numbers are those of one arm.
    """
    chosen = {name: request.GET.get(name, "") for name in ("form", "site")}
    lines = yields_of(request.user, **chosen)
    return Response(
        [
            {
                "form": line.form.code,
                "check": line.check,
                "level": line.level,
                **line.numbers,
                "marks": [
                    {"mark": mark.kind, "plan_version": mark.plan_version, "reason": mark.reason}
                    for mark in line.marks
                ],
            }
            for line in lines
            if not line.looks_at_arm
        ]
    )

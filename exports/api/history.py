"""Milestones, signatures, decisions on deviations and acts, for a program."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from audit.models import Act
from crf.models import DeviationDecision, RecordSignature
from exports.api.described import TEXT, DescribedAnswer, named, page_of
from exports.api.endpoint import endpoint
from exports.api.pages import paged, paged_changes
from exports.api.parameters import CHANGED_SINCE, PAGE, PARTICIPANT, SITE
from exports.api.requests import CallerRequest
from kernel.clock import with_offset
from kernel.row_keys import key_of, row_key
from reports.trail import acts_open_to
from trials.models import Participant, Site
from trials.models.participants import Milestone

HISTORY = "history"


def _of_whom(rows: Any, request: CallerRequest) -> Any:
    """Narrow rows of participants to the one, or the site, that the call names."""
    names = {"participant": "participant__number", "site": "site__code"}
    return rows.filter(**{path: request.GET[name] for name, path in names.items() if name in request.GET})


@extend_schema(summary="Milestones of participants")
@endpoint(
    {"GET": Permission.VISIT_VIEW},
    tag=HISTORY,
    answers={"GET": DescribedAnswer(page_of(named("Milestone"), changed_until=TEXT))},
    parameters={"GET": (SITE, PARTICIPANT, CHANGED_SINCE, *PAGE)},
)
def milestones(request: CallerRequest) -> Response:
    """List milestones with their day, or the first and last day that is possible where only a part is known."""
    rows = Milestone.objects.open_to(request.user, Permission.VISIT_VIEW).select_related(
        "participant", "site"
    )
    return paged_changes(_of_whom(rows, request), request, lambda page: [_milestone(row) for row in page])


def _milestone(row: Milestone) -> dict[str, Any]:
    return {
        "id": row_key(row),
        "participant": row.participant.number,
        "site": row.site.code,
        "milestone": row.code,
        "on": row.on,
        "earliest": row.earliest,
        "latest": row.latest,
        "result": row.result,
        "source": row.source,
        "form": row.source_form,
    }


@extend_schema(summary="Signatures under records")
@endpoint(
    {"GET": Permission.CRF_VIEW},
    tag=HISTORY,
    answers={"GET": DescribedAnswer(page_of(named("RecordSignature"), changed_until=TEXT))},
    parameters={"GET": (SITE, PARTICIPANT, CHANGED_SINCE, *PAGE)},
)
def signatures(request: CallerRequest) -> Response:
    """List signatures, those that fell too: who signed which version of which record, when and with what meaning."""
    rows = RecordSignature.objects.open_to(request.user, Permission.CRF_VIEW).select_related(
        "participant", "site", "record__visit", "signature__by"
    )
    return paged_changes(_of_whom(rows, request), request, lambda page: [_signature(row) for row in page])


def _signature(row: RecordSignature) -> dict[str, Any]:
    signature, zone = row.signature, row.site.time_zone
    return {
        "id": row_key(row),
        "participant": row.participant.number,
        "site": row.site.code,
        "form": row.record.form_code,
        "visit_code": row.record.visit.code if row.record.visit else None,
        "record": key_of("record", row.record_id),
        "version": row.version,
        "signed_as": row.signed_as,
        "by": signature.by.username,
        "role": signature.role,
        "meaning": signature.meaning,
        "signed_at": with_offset(signature.signed_at, zone),
        "digest": signature.digest,
        "fell_at": with_offset(row.fell_at, zone) if row.fell_at else None,
    }


@extend_schema(summary="Central decisions on deviations")
@endpoint(
    {"GET": Permission.DEVIATION_VIEW},
    tag=HISTORY,
    answers={"GET": DescribedAnswer(page_of(named("DeviationDecision")))},
    parameters={"GET": (SITE, PARTICIPANT, *PAGE)},
)
def deviation_decisions(request: CallerRequest) -> Response:
    """List decisions on deviations; the last one on a deviation counts. The deviations are records of the form DV."""
    rows = DeviationDecision.objects.open_to(request.user, Permission.DEVIATION_VIEW).select_related(
        "participant", "site"
    )
    return paged(_of_whom(rows, request), request, lambda page: [_decision(row) for row in page])


def _decision(row: DeviationDecision) -> dict[str, Any]:
    return {
        "id": row_key(row),
        "participant": row.participant.number,
        "site": row.site.code,
        "record": key_of("record", row.record_id),
        "deviation": row.deviation_no,
        "importance": row.importance,
        "excludes_from_per_protocol": row.excludes_pp,
        "reason": row.reason,
        "decided_at": with_offset(row.decided_at, row.site.time_zone),
    }


@extend_schema(summary="The acts of the audit trail")
@endpoint(
    {"GET": Permission.AUDIT_VIEW},
    tag=HISTORY,
    answers={"GET": DescribedAnswer(page_of(named("Act")))},
    parameters={"GET": (SITE, PARTICIPANT, *PAGE)},
)
def acts(request: CallerRequest) -> Response:
    """List who did what, when and why, in the order in which acts were begun; ``trail`` says what each changed."""
    rows = acts_open_to(request.user)
    if number := request.GET.get("participant"):
        rows = rows.filter(participant_id__in=Participant.objects.filter(number=number).values("pk"))
    if code := request.GET.get("site"):
        rows = rows.filter(site_id__in=Site.objects.filter(code=code).values("pk"))
    return paged(rows, request, _acts)


def _acts(page: list[Act]) -> list[dict[str, Any]]:
    sites = dict(Site.objects.filter(pk__in={row.site_id for row in page}).values_list("pk", "code"))
    people = Participant.objects.filter(pk__in={row.participant_id for row in page})
    numbers = dict(people.values_list("pk", "number"))
    return [
        {
            "id": row.pk,
            "act": row.verb,
            "by": row.by.username if row.by else None,
            "role": row.role,
            "site": sites.get(row.site_id or 0),
            "participant": numbers.get(row.participant_id or 0),
            "at": _moment(row.at),
            "stored_at": _moment(row.stored_at),
            "reason": row.reason,
        }
        for row in page
    ]


def _moment(at: datetime) -> str:
    return with_offset(at, settings.TRIAL_TIME_ZONE)

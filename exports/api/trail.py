"""The audit trail for a program: the lines of its page, narrowed as there, with what each act changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from exports.api.described import DescribedAnswer, named, one_of_codes, page_of
from exports.api.endpoint import endpoint
from exports.api.pages import paged
from exports.api.parameters import (
    FORM,
    PAGE,
    PARTICIPANT,
    SINCE_DAY,
    SITE,
    UNTIL_DAY,
    QueryParameter,
    anything,
    one_of,
)
from exports.api.requests import CallerRequest
from kernel.clock import with_offset
from reports.forms import TrailFilterForm
from reports.services import record_trail_taken
from reports.trail import KINDS, ChangedValue, TrailLine, acts_open_to, filtered, lines_of

PERSON = QueryParameter("person", str, "The user name of who acted; “-” for the system.", anything)
QUESTION = QueryParameter(
    "field", str, "A question of the form, as “question” or “table.question”; together with form.", anything
)
KIND = QueryParameter("kind", one_of_codes(KINDS), "Acts of one kind.", one_of(tuple(KINDS)))


@extend_schema(summary="The audit trail, with what each act changed")
@endpoint(
    {"GET": Permission.AUDIT_VIEW},
    tag="history",
    answers={"GET": DescribedAnswer(page_of(named("TrailLine")))},
    parameters={"GET": (PERSON, SITE, PARTICIPANT, FORM, QUESTION, KIND, SINCE_DAY, UNTIL_DAY, *PAGE)},
)
def trail(request: CallerRequest) -> Response:
    """List acts in the order in which they were begun, each with old and new values of what it changed.

    Answers that the caller has no right to see are counted in ``kept_back``. That a page was handed out is an act on
    the trail itself.
    """
    chosen = TrailFilterForm.filter_of({name: request.GET[name] for name in request.GET if name not in PAGES})
    rows = filtered(acts_open_to(request.user), chosen)

    def shaped(page: list[Any]) -> list[dict[str, Any]]:
        filters, now = chosen.as_query(), timezone.now()
        record_trail_taken(filters=filters, kind="api", acts=len(page), by=request.user, at=now)
        return [_line(line) for line in lines_of(page, request.user)]

    return paged(rows, request, shaped)


PAGES = frozenset(parameter.name for parameter in PAGE)


def _line(line: TrailLine) -> dict[str, Any]:
    act = line.act
    return {
        "id": act.pk,
        "act": act.verb,
        "words": line.words,
        "by": act.by.username if act.by else None,
        "role": act.role,
        "site": line.site,
        "participant": line.participant,
        "at": _moment(act.at),
        "stored_at": _moment(act.stored_at),
        "reason": act.reason,
        "places": list(line.places),
        "changes": [_change(each) for each in line.changes],
        "kept_back": line.kept_back,
    }


def _change(each: ChangedValue) -> dict[str, str]:
    return {"place": each.place, "item": each.label, "old": each.old, "new": each.new, "reason": each.why}


def _moment(at: datetime) -> str:
    return with_offset(at, settings.TRIAL_TIME_ZONE)

"""Files attached to records, for a program: the list, and each file to be saved."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from crf.attachments.content import attachments_open_to, may_open
from crf.models import Attachment
from crf.views.attachments import handed_out
from exports.api.described import FILE, DescribedAnswer, named, page_of
from exports.api.endpoint import endpoint
from exports.api.pages import paged
from exports.api.parameters import FORM, PAGE, PARTICIPANT, SITE
from exports.api.requests import CallerRequest
from kernel.clock import with_offset
from kernel.errors import Forbidden
from kernel.row_keys import key_of, row_key

FILES = "files"
CHOSEN_BY = {
    "site": "site__code",
    "participant": "participant__number",
    "form": "record__form_code",
}


@extend_schema(summary="Files attached to records")
@endpoint(
    {"GET": Permission.ATTACHMENT_VIEW},
    tag=FILES,
    answers={"GET": DescribedAnswer(page_of(named("Attachment")))},
    parameters={"GET": (SITE, PARTICIPANT, FORM, *PAGE)},
)
def attachments(request: CallerRequest) -> Response:
    """List the files, those that were replaced or removed too; ``name`` is null where only the site opens one."""
    rows = attachments_open_to(request.user).select_related(
        "participant__site", "record__visit", "attached_by", "ended_by"
    )
    chosen = {column: request.GET[name] for name, column in CHOSEN_BY.items() if name in request.GET}
    return paged(rows.filter(**chosen), request, lambda page: [_told(row, request) for row in page])


def _told(row: Attachment, request: CallerRequest) -> dict[str, Any]:
    zone = row.participant.site.time_zone
    return {
        "id": row_key(row),
        "participant": row.participant.number,
        "form": row.record.form_code,
        "visit": key_of("visit", row.record.visit_id) if row.record.visit_id else None,
        "sequence": row.record.sequence,
        "kind": row.kind,
        "name": row.name if may_open(row, request.user) else None,
        "media_type": row.media_type,
        "bytes": row.size,
        "pages": row.pages,
        "sha256": row.digest,
        "attached_by": row.attached_by.username,
        "attached_at": with_offset(row.attached_at, zone),
        "replaces": key_of("attachment", row.replaces_id) if row.replaces_id else None,
        "ending": row.ending,
        "ended_by": row.ended_by.username if row.ended_by else None,
        "ended_at": with_offset(row.ended_at, zone) if row.ended_at else None,
        "ending_reason": row.ending_reason,
    }


@extend_schema(summary="One attached file")
@endpoint(
    {"GET": Permission.ATTACHMENT_VIEW},
    tag=FILES,
    answers={"GET": DescribedAnswer(FILE, media_type="application/octet-stream")},
)
def attachment_file(request: CallerRequest, pk: int) -> Any:
    """Hand out the bytes of the file."""
    row = get_object_or_404(attachments_open_to(request.user), pk=pk)
    if not may_open(row, request.user):
        raise Forbidden
    return handed_out(row)

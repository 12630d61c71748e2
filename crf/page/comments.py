"""Comments beside the answers they are about, as the page of a form draws them."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from audit.authors import name_authors
from crf.models import AnswerComment
from crf.page.note_templates import filled
from crf.page.question_templates import partial


def drawn_comments(record_id: int, *, zone: str, language: str) -> Mapping[str, str]:
    """Map each place of the record to its comments, the earliest first."""
    drawn: dict[str, str] = {}
    rows = AnswerComment.objects.filter(record_id=record_id).select_related("act__by").order_by("pk")
    for row in name_authors(rows):
        line = filled(
            partial("comment", language),
            text=row.text,
            by=row.act.by,
            at=f"{row.act.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}",
        )
        drawn[row.target] = drawn.get(row.target, "") + line
    return drawn

"""Why saved answers were changed: one reason for the save, and where it differs one for an answer, as a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audit.models import Act
from crf.engine.changes import AnswerChange
from crf.engine.submission import Answers
from crf.models import ChangeReason
from trials.models import Participant

Reasons = dict[int, dict[str, str]]


def reason_of(change: AnswerChange, answers: Answers) -> str:
    """Return why an answer is corrected; the reason of a row that goes covers what stood in it."""
    row = f"{change.group}.{change.position}.removed" if change.group else ""
    own = answers.reasons.get(change.target) or answers.reasons.get(row)
    return (own or answers.reason).strip()


def keep_reasons(participant: Participant, reasons: Mapping[str, str], *, act: Act) -> None:
    """Each answer's own reason stands beside the act, before the answer changes."""
    ChangeReason.objects.bulk_create(
        ChangeReason(
            participant=participant, site_id=participant.site_id, target=target, text=text.strip(), act=act
        )
        for target, text in reasons.items()
        if text.strip()
    )


def reasons_under(acts: Iterable[Act]) -> Reasons:
    """Map the number of each act to the reasons that single answers were given under it."""
    kept: Reasons = {}
    versions: Any = ChangeReason._meta.get_field(
        "events"
    ).related_model  # what was written, wherever it is now
    rows = versions.objects.filter(act__in={act.pk for act in acts}, pgh_label="insert").order_by("pgh_id")
    for act_id, target, text in rows.values_list("act_id", "target", "text"):
        kept.setdefault(act_id, {})[target] = text
    return kept

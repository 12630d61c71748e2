"""A record as it stood at one of its versions, from the trail that the database keeps."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from audit.models import Act
from crf.engine.base import CrfRecord
from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import Evaluation
from crf.store.reasons import reasons_under
from crf.store.records import StoredRecord
from kernel.punctuation import listed_apart


def answers_at(form: FormDeclaration, record: CrfRecord, version: int) -> Evaluation | None:
    """Return the answers of the record's ``version``; None when the record has no such version, as before its first."""
    if not record.record_events.filter(version=version).exists():
        return None
    later = record.record_events.filter(version__gt=version).order_by("pgh_id").first()
    before = sys.maxsize if later is None else later.act_id
    stood = record.events.filter(answers_act_id__lt=before).order_by("pgh_id").last()
    rows = {name: _rows_at(group, record, before) for name, group in form.groups.items()}
    return StoredRecord(stood, rows).outcome(form)


@dataclass(frozen=True)
class LaterSave:
    """Under which act a later version of a record was saved, and the reasons that were given."""

    act: Act
    why: str


def saves_since(record: CrfRecord, version: int) -> list[LaterSave]:
    """Return who saved the record after its ``version``, latest first."""
    events = record.record_events.filter(version__gt=version).select_related("act__by").order_by("pgh_id")
    first: dict[int, Act] = {}
    for event in events:
        first.setdefault(event.version, event.act)
    reasons = reasons_under(first.values())
    return [
        LaterSave(act, listed_apart(dict.fromkeys(reasons.get(act.pk, {}).values())) or act.reason)
        for act in reversed(first.values())
    ]


def _rows_at(group: Any, record: CrfRecord, before: int) -> dict[int, Any]:
    """Return the last event of each row before the act that wrote the next version."""
    events = group.model._meta.get_field("events").related_model.objects.filter(record_id=record.pk)
    return {event.position: event for event in events.filter(act_id__lt=before).order_by("pgh_id")}

"""A record as it stood at one of its versions, from the trail that the database keeps."""

from __future__ import annotations

from typing import Any

from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import Evaluation
from crf.store.records import StoredRecord


def answers_at(form: FormDeclaration, record: Any, version: int) -> Evaluation | None:
    """Return the answers of the record's ``version``; None when the record has no such version, as before its first."""
    stood = record.events.filter(version=version).order_by("pgh_id").last()
    if stood is None:
        return None
    later = record.events.filter(version__gt=version).order_by("pgh_id").first()
    rows = {name: _rows_at(group, record, later) for name, group in form.groups.items()}
    return StoredRecord(stood, rows).outcome(form)


def _rows_at(group: Any, record: Any, later: Any) -> dict[int, Any]:
    """Return the last event of each row before the act that wrote the next version."""
    events = group.model._meta.get_field("events").related_model.objects.filter(record_id=record.pk)
    if later is not None:
        events = events.filter(act_id__lt=later.act_id)
    return {event.position: event for event in events.order_by("pgh_id")}

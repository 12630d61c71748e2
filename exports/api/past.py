"""Records as they stood at a moment: what was stored by then, from the versions that the database keeps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crf.engine.base import Record
from crf.engine.declaration import FormDeclaration, Group


def begun_by(rows: Any, at: datetime) -> Any:
    """Return those of ``rows``, records of one form, that were stored by ``at``."""
    return rows.filter(pk__in=_versions(Record, "record_events", at).values("pgh_obj_id"))


def was_stored(record: Record, at: datetime) -> bool:
    """Say whether the record was stored by ``at``."""
    stored: bool = _versions(Record, "record_events", at).filter(pgh_obj_id=record.pk).exists()
    return stored


def as_they_stood(form: FormDeclaration, records: Iterable[Any], at: datetime) -> list[Any]:
    """Return the records with state, version and answers of ``at``, in two questions however many there are.

    They are not to be saved. Everything that a version holds takes the place of what stands now.
    """
    shown = list(records)
    numbers = [row.pk for row in shown]
    of_records = _last(Record, "record_events", numbers, at)
    of_answers = _last(form.model, "events", numbers, at)
    for row in shown:
        version, answers = of_records[row.pk], of_answers.get(row.pk)
        for name in ("state", "version", "protocol_version", "act_id"):
            setattr(row, name, getattr(version, name))
        for name in (*form.questions, "missing"):
            setattr(row, name, getattr(answers, name, {} if name == "missing" else None))
    return shown


def rows_as_they_stood(group: Group, records: Iterable[Any], at: datetime) -> list[Any]:
    """Return the rows of a table of the records as they stood at ``at``, those that were removed by then too."""
    versions = _versions(group.model, "events", at).filter(record_id__in=[row.pk for row in records])
    last = versions.order_by("pgh_obj_id", "-pgh_id").distinct("pgh_obj_id")
    return sorted(last, key=lambda row: (row.position, row.pgh_obj_id))


def _last(model: Any, relation: str, numbers: list[int], at: datetime) -> dict[int, Any]:
    """Map the number of each row to its last version that was stored by ``at``."""
    versions = _versions(model, relation, at).filter(pgh_obj_id__in=numbers)
    return {
        each.pgh_obj_id: each for each in versions.order_by("pgh_obj_id", "-pgh_id").distinct("pgh_obj_id")
    }


def _versions(model: Any, relation: str, at: datetime) -> Any:
    versions: Any = model._meta.get_field(relation).related_model
    return versions.objects.filter(pgh_created_at__lte=at)

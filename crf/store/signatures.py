"""The signature that stands under a record, and how it falls (21 CFR Part 11 11.70)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit.models import Act
from crf.engine.base import CrfRecord, RecordState
from crf.engine.declaration import FormDeclaration
from crf.models import RecordSignature
from crf.store.records import RecordKey, StoredRecord


def drop_signature(record_key: RecordKey, record: CrfRecord, *, act: Act, at: datetime) -> None:
    """An answer is about to change: the signature under the record falls, in the same act."""
    if record.state == RecordState.SIGNED:
        RecordSignature.objects.filter(record_id=record.pk, fell_at=None).update(fell_at=at, act=act)


def standing_signature(record_key: RecordKey, record: CrfRecord) -> RecordSignature | None:
    """Return the signature under the record as it is now, or None."""
    record_signatures = RecordSignature.objects.filter(record_id=record.pk, fell_at=None)
    return record_signatures.select_related("signature").first()


def stored_as_signed(form: FormDeclaration, record: CrfRecord, signed: RecordSignature) -> StoredRecord:
    """Return the answers as they stood when they were signed, from the versions that the database keeps."""
    until = signed.signature.act_id
    answers: Any = record.events.filter(answers_act_id__lte=until).order_by("-pgh_id").first()
    rows: dict[str, dict[int, Any]] = {}
    for name, group in form.groups.items():
        versions: Any = group.model._meta.get_field("events").related_model
        stored = versions.objects.filter(record_id=record.pk, act_id__lte=until).order_by("pgh_id")
        rows[name] = {row.position: row for row in {row.pgh_obj_id: row for row in stored}.values()}
    return StoredRecord(answers, rows)

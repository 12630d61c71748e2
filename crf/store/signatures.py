"""The signature that stands under a record, and how it falls (21 CFR Part 11 11.70)."""

from __future__ import annotations

from datetime import datetime

from audit.models import Act
from crf.engine.base import CrfRecord, RecordState
from crf.models import RecordSignature
from crf.store.records import RecordKey


def drop_signature(record_key: RecordKey, record: CrfRecord, *, act: Act, at: datetime) -> None:
    """An answer is about to change: the signature under the record falls, in the same act."""
    if record.state == RecordState.SIGNED:
        RecordSignature.objects.filter(record_id=record.pk, fell_at=None).update(fell_at=at, act=act)


def standing_signature(record_key: RecordKey, record: CrfRecord) -> RecordSignature | None:
    """Return the signature under the record as it is now, or None."""
    record_signatures = RecordSignature.objects.filter(record_id=record.pk, fell_at=None)
    return record_signatures.select_related("signature").first()

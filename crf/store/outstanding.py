"""What is still outstanding of verification and signatures, of any scope: a record, visit, participant, site or all."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from crf.engine.base import RecordState
from crf.models import Query, Record, RecordVerification

UNSIGNED = (RecordState.COMPLETE, RecordState.VERIFIED)


def unverified_required(**scope: Any) -> Any:
    """Return the records with fields that the plan requires and nobody has verified; ``left`` counts the fields.

    ``scope`` is what a filter on records takes: ``pk=``, ``visit=``, ``participant=``, ``site=``, or nothing.
    """
    return _verifications(scope).unverified()


def unverified_critical(**scope: Any) -> Any:
    """Return the records with critical fields that nobody has verified; ``critical_left`` counts the fields."""
    return _verifications(scope).critical_unverified()


def _verifications(scope: dict[str, Any]) -> Any:
    named = {f"record__{name}": value for name, value in scope.items()}
    return RecordVerification.objects.filter(**named).select_related("record")


def unsigned(**scope: Any) -> Any:
    """Return the records that are complete, and under which no signature stands."""
    return Record.objects.filter(state__in=UNSIGNED, **scope)


def signable_first(records: Any) -> Any:
    """Records about which a query is open cannot be signed: they fill no lot while others wait."""
    queries = Query.objects.living().filter(record_id=OuterRef("pk"))
    return records.annotate(is_asked=Exists(queries)).order_by(
        "is_asked", "participant__number", "visit", "form_code", "pk"
    )


def is_verified(record: Record) -> bool:
    """Say whether every field of the record that the plan requires is verified as it is now."""
    return not RecordVerification.objects.unverified().filter(pk=record.pk).exists()

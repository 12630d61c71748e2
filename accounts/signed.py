"""Whether every signature was put by the person whose name it bears (21 CFR Part 11 11.70)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.db.models import F

from accounts.models import Signature
from audit.verify import SealFinding

COPIED: Final = "simulation:bulk:copy"


def signatures_of_somebody_else() -> Iterator[SealFinding]:
    """Yield each signature that stands under an act of somebody other than its signer, or of another moment."""
    versions: Any = Signature._meta.get_field("events").related_model
    first = versions.objects.filter(pgh_label="insert")  # a transfer to another site writes the row again
    elsewhere = first.exclude(act__by=F("by"), act__at=F("signed_at"))
    if settings.PALACE3_DEMO:  # rows copied for a demonstration stand under one act of the system
        elsewhere = elsewhere.exclude(act__verb=COPIED)
    for pk in elsewhere.order_by("pgh_obj_id").values_list("pgh_obj_id", flat=True):
        yield SealFinding("accounts_signature", str(pk), "not put by its signer in the act that it names")

"""Whether what stands under a signature is still what was signed (21 CFR Part 11 11.70)."""

from __future__ import annotations

from collections.abc import Iterator

from audit.verify import SealFinding
from crf import catalogue
from crf.models import RecordSignature
from crf.records.signing import signature_holds
from crf.store.records import key_of_record, stored_record_of


def signatures_that_fell_silently() -> Iterator[SealFinding]:
    """Yield each record whose standing signature fits its answers no more, and each signature in another's name."""
    for code, form in catalogue.forms().items():
        standing = RecordSignature.objects.filter(fell_at=None, record__form_code=code)
        for signed in standing.select_related("signature__act", "record__participant__site", "record__visit"):
            record = form.model.objects.get(pk=signed.record_id)
            stored = stored_record_of(form, record)
            if not signature_holds(key_of_record(form, signed.record), stored, signed):
                yield SealFinding(form.model._meta.db_table, str(record.pk), "its signature fits it no more")

"""What was typed and not saved yet: kept for its owner, never data (architecture 6; requirements 6, C8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from crf.engine.submission import Raw
from crf.models import Draft
from crf.store.preconditions import refuse_who_may_not
from crf.store.records import RecordKey
from kernel.errors import Refusal

MOST_NAMES = 5000
MOST_TEXT = 20_000
LEFT_OUT = ("csrfmiddlewaretoken", "_key", "_action")


class DraftTooLarge(Refusal):
    code = "crf.draft_too_large"
    message = _("More was typed than a draft keeps. Save the form, then go on.")
    status = 413


def keep_draft(
    *,
    record_key: RecordKey,
    raw: Raw,
    version: int,
    by: User,
    at: datetime,
) -> Draft:
    """What ``by`` typed for the record is kept; another person's draft of the same form is another row.

    Refuses: who may not; more than a draft keeps. Locks: nothing.
    """
    refuse_who_may_not(record_key, by=by)
    kept = {name: texts for name, texts in raw.items() if name not in LEFT_OUT}
    size = sum(len(text) for texts in kept.values() for text in texts)
    if len(kept) > MOST_NAMES or size > MOST_TEXT * 10:
        raise DraftTooLarge
    values = {
        "site_id": record_key.participant.site_id,
        "raw": kept,
        "version": version,
        "saved_at": at,
    }
    return Draft.objects.update_or_create(**_at(record_key, by), defaults=values)[0]


def draft_at(record_key: RecordKey, *, by: User) -> Draft | None:
    """Return what ``by`` typed at the place and has not saved, or None."""
    return Draft.objects.filter(**_at(record_key, by)).first()


def discard_draft(*, record_key: RecordKey, by: User) -> None:
    """Nothing typed and unsaved is left of ``by`` at the place."""
    Draft.objects.filter(**_at(record_key, by)).delete()


def _at(record_key: RecordKey, by: User) -> dict[str, Any]:
    return {
        "owner": by,
        "participant": record_key.participant,
        "form_code": record_key.form.code,
        "visit": record_key.visit,
        "sequence": record_key.sequence,
    }

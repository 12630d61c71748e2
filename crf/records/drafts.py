"""What was typed and not saved yet: kept for its owner, never data (architecture 6; requirements 6, C8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from crf.engine.submission import Raw
from crf.models import Draft, SaveKey
from crf.store.preconditions import refuse_who_may_not
from crf.store.records import NEW, RecordKey
from kernel.errors import Refusal
from trials.models import Participant

MOST_NAMES = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
MOST_TEXT = 200_000
LEFT_OUT = ("csrfmiddlewaretoken", "_key", "_action", "_leave_out")


class DraftTooLarge(Refusal):
    code = "crf.draft_too_large"
    message = _("More was typed than a draft keeps. Save the form, then go on.")
    status = 413


class PageSaved(Refusal):
    code = "crf.page_saved"
    message = _(
        "This page was saved already, and what is typed on it now is not kept. Press Save: both answers are then "
        "compared."
    )


@transaction.atomic
def keep_draft(*, record_key: RecordKey, page: str, raw: Raw, version: int, by: User, at: datetime) -> Draft:
    """What ``by`` typed on the opened ``page`` is kept; another page of the same record has a draft of its own.

    Refuses: who may not; more than a draft keeps; a page that was saved. Locks: the participant.
    """
    refuse_who_may_not(record_key, by=by)
    kept = {name: texts for name, texts in raw.items() if name not in LEFT_OUT}
    if len(kept) > MOST_NAMES or sum(len(text) for texts in kept.values() for text in texts) > MOST_TEXT:
        raise DraftTooLarge
    Participant.objects.lock(record_key.participant.pk)  # a save of the page, if there is one, is done
    if SaveKey.objects.filter(owner=by, key=page).exists():
        raise PageSaved
    values = {
        "site_id": record_key.participant.site_id,
        "raw": kept,
        "version": version,
        "saved_at": at,
    }
    return Draft.objects.update_or_create(**_at(record_key, by), page=page, defaults=values)[0]


def draft_at(record_key: RecordKey, *, page: str = "", by: User) -> Draft | None:
    """Return what ``by`` typed on ``page`` and has not saved, else on the last page of the record, or None.

    New records have nothing in common: of one that is not saved yet, only its own page is asked.
    """
    drafts = Draft.objects.filter(**_at(record_key, by))
    named = drafts.filter(page=page).first()
    if named or record_key.sequence == NEW:
        return named
    return drafts.order_by("-version", "-saved_at", "-pk").first()


def drafts_of_new(record_key: RecordKey, *, by: User) -> list[Draft]:
    """Return what ``by`` typed on pages of new records of a log and has not saved, the last first."""
    place = _at(replace(record_key, sequence=NEW), by)
    return list(Draft.objects.filter(**place).select_related("participant").order_by("-saved_at", "-pk"))


def keys_of_new(record_key: RecordKey, *, by: User) -> list[str]:
    """Return the keys of the pages on which ``by`` added the records of a log."""
    saved = SaveKey.objects.filter(
        owner=by,
        version=1,
        record__participant=record_key.participant,
        record__form_code=record_key.form.code,
    )
    return list(saved.values_list("key", flat=True))


def discard_draft(*, record_key: RecordKey, page: str, by: User) -> None:
    """Nothing typed and unsaved on ``page`` is left of ``by``."""
    Draft.objects.filter(**_at(record_key, by), page=page).delete()


def _at(record_key: RecordKey, by: User) -> dict[str, Any]:
    return {
        "owner": by,
        "participant": record_key.participant,
        "form_code": record_key.form.code,
        "visit": record_key.visit,
        "sequence": record_key.sequence,
    }

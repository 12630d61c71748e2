"""The hands that type: the same reading, evaluation and saving as behind the form page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from crf.engine.submission import review
from crf.records.save import Answers, save_answers
from crf.store.context import FormContext
from crf.store.records import NEW, find_stored_record, record_key_of
from exports.api.typed import as_typed
from followup.models import Visit
from trials.models import Participant


class UnreadableStoryError(Exception):
    """The simulation typed something that the form cannot read: a bug of the simulation."""


def fill(
    participant: Participant,
    code: str,
    sent: dict[str, Any],
    *,
    visit: Visit | None = None,
    is_new: bool = False,
    reason: str = "",
    by: User,
    at: datetime,
) -> str:
    """The form is saved with what was sent, as a new record of a log when ``is_new``; return its state."""
    place = record_key_of(participant=participant, form=code, visit=visit, sequence=NEW if is_new else 1)
    with transaction.atomic():
        sheet = find_stored_record(place)
        form_context = FormContext(participant, at=at)
        context = form_context.context(
            place.form, visit=visit, sequence=place.sequence, record_id=sheet.record.pk if sheet else None
        )
        seen = review(place.form, as_typed(_as_text(sent)), context=context, zone=participant.site.time_zone)
        if not seen.readable:
            raise UnreadableStoryError(f"{participant.number} {code}: {dict(seen.errors)}")
        typed = seen.submission
        saved = save_answers(
            record_key=place,
            answers=Answers(typed.values, typed.groups, typed.missing, reason=reason),
            version=sheet.record.version if sheet else NEW,
            by=by,
            at=at,
        )
    return saved.state


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(item) for item in value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else value

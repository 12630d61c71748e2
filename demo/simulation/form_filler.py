"""Fills forms for the demonstration, through the same door as page and API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from crf.engine.submission import parse
from crf.records.refusals import AnswersUnreadable
from crf.records.save import Saved, save_answers
from crf.store.records import NEW, find_record, find_stored_record, form_begun, record_key_of
from exports.typed import as_typed, patched
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
    by: User,
    at: datetime,
) -> Saved:
    """The form is saved with what was sent, as a new record of a log when ``is_new``.

    ``sent`` is what a program would send: answers, groups, missing reasons, reason, reasons, confirmations and
    prompts; the version is the one that stands.
    """
    place = record_key_of(participant=participant, form=code, visit=visit, sequence=NEW if is_new else 1)
    with transaction.atomic():
        record = None if is_new else find_record(place)
    form = form_begun(place, participant.protocol_version)
    typed = parse(form, as_typed(_as_text(sent)), zone=participant.site.time_zone)
    version = record.version if record else NEW
    try:
        return save_answers(record_key=place, answers=typed.answers(), version=version, by=by, at=at)
    except AnswersUnreadable as refusal:
        raise UnreadableStoryError(f"{participant.number} {code}: {refusal.errors}") from refusal


def amend(
    participant: Participant, code: str, answers: dict[str, Any], *, reason: str, by: User, at: datetime
) -> Saved:
    """Single answers of a form that a participant has once are put right; the others stay as they are."""
    place = record_key_of(participant=participant, form=code)
    with transaction.atomic():
        stored = find_stored_record(place)
    if stored is None:
        raise UnreadableStoryError(f"{participant.number} has no {code} to be put right")
    form, zone = form_begun(place, stored.record.protocol_version), participant.site.time_zone
    sent = patched(form, stored.outcome(form), {"answers": answers, "reason": reason}, zone=zone)
    typed = parse(form, sent, zone=zone, saved=stored.saved_rows)
    return save_answers(
        record_key=place, answers=typed.answers(), version=stored.record.version, by=by, at=at
    )


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(item) for item in value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else value

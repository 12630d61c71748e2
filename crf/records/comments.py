"""Comments on answers: beside one answer of a record, by whoever may enter the form (CDISC CO)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from crf.engine.base import RecordState
from crf.engine.messages import question_at
from crf.models import AnswerComment
from crf.records.refusals import RecordLocked
from crf.records.signing import NothingThere
from crf.store.preconditions import NotYours, TrainingFirst
from crf.store.records import RecordKey, StoredRecord, find_stored_record
from kernel.errors import Refusal
from kernel.reading import UnreadableError, words
from trials.models import Participant

LONGEST_COMMENT: Final = 1000


class CommentUnreadable(Refusal):
    code = "crf.comment_unreadable"
    fields = ("text",)
    message = _("Write the comment in up to {limit} characters, without control characters.")
    status = 422


class CommentAboutNothing(Refusal):
    code = "crf.comment_about_nothing"
    fields = ("target",)
    message = _("A comment stands beside an answer that {record} has. Choose the question.")
    status = 422


def write_comment(*, record_key: RecordKey, target: str, text: str, by: User, at: datetime) -> AnswerComment:
    """A comment stands beside the answer, with who wrote it and when; it is never changed and leaves with exports.

    Refuses: who may not enter the form, or is not trained; a record that is not saved, or is locked; what is no
    question of it; an empty, too long or unprintable text. Locks: the participant.
    """
    participant, label = record_key.participant, record_key.label
    if not by.may(record_key.form.entered_by, participant.site_id):
        raise NotYours(site=participant.site.code)
    if by.trained_on is None:
        raise TrainingFirst
    said = _readable(text)
    with open_act("crf:comment:write", by=by, at=at, participant=participant) as act:
        Participant.objects.lock(participant.pk)
        stored = find_stored_record(record_key)
        if stored is None:
            raise NothingThere(record=label)
        if stored.record.state == RecordState.LOCKED:
            raise RecordLocked(record=label)
        if not _is_there(stored, record_key, target):
            raise CommentAboutNothing(record=label)
        return AnswerComment.objects.create(
            participant=participant,
            site_id=participant.site_id,
            record_id=stored.record.pk,
            target=target,
            text=said,
            act=act,
        )


def _is_there(stored: StoredRecord, record_key: RecordKey, target: str) -> bool:
    """Say whether the record has the question, in a row that stands."""
    if question_at(record_key.form, target) is None:
        return False
    group, *rest = target.split(".")
    return not rest or rest[0] in {str(row.position) for row in stored.standing(group)}


def _readable(text: str) -> str:
    """Return the text as it is kept."""
    try:
        said = words(text)
    except UnreadableError:
        said = ""
    if not 0 < len(said) <= LONGEST_COMMENT:
        raise CommentUnreadable(limit=LONGEST_COMMENT)
    return said

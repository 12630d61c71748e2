"""The only writer of answers, queries and drafts."""

from crf.services.effects import propose_from_refusal, recheck_participant
from crf.services.places import NEW, Place, find_sheet, place_of
from crf.services.saving import (
    Answers,
    AnswersImpossible,
    ReasonNeeded,
    RecordLocked,
    Saved,
    StaleVersion,
    save_answers,
)
from crf.services.signing import lock_record, sign_record, unlock_record, verify_record

__all__ = [
    "NEW",
    "Answers",
    "AnswersImpossible",
    "Place",
    "ReasonNeeded",
    "RecordLocked",
    "Saved",
    "StaleVersion",
    "find_sheet",
    "lock_record",
    "place_of",
    "propose_from_refusal",
    "recheck_participant",
    "save_answers",
    "sign_record",
    "unlock_record",
    "verify_record",
]

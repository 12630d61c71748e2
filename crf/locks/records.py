"""One form is locked and unlocked as somebody saw it: the version that they read is the one that is locked."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from crf.engine.base import RecordState
from crf.locks.scope import LockScope
from crf.locks.services import end_lock, lock_data
from crf.records.signing import hold_record
from crf.store.records import RecordKey

BEGUN: Final = tuple(state for state in RecordState if state != RecordState.EMPTY)
UNLOCKED: Final = tuple(state for state in BEGUN if state != RecordState.LOCKED)


@transaction.atomic
def lock_record(*, record_key: RecordKey, version: int, by: User, at: datetime) -> None:
    """Nobody changes the record any more, until a data manager unlocks it with a reason.

    Refuses: as ``hold_record`` and ``lock_data`` do. Locks: the participant, then the record.
    """
    lock_data(scope=_seen(record_key, version, UNLOCKED, by=by), by=by, at=at)


@transaction.atomic
def unlock_record(*, record_key: RecordKey, version: int, reason: str, by: User, at: datetime) -> None:
    """The record is again what it was before it was frozen or locked, also where a lock above it stays.

    Refuses: as ``hold_record`` and ``end_lock`` do. Locks: the participant, then the record.
    """
    end_lock(scope=_seen(record_key, version, BEGUN, by=by), reason=reason, by=by, at=at)


def _seen(record_key: RecordKey, version: int, states: tuple[RecordState, ...], *, by: User) -> LockScope:
    stored = hold_record(record_key, Permission.CRF_LOCK, by=by, version=version, needed=states)
    return LockScope.of_record(stored.record, record_key.participant)

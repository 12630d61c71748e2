"""The database is locked by three signatures over its checklist and its frozen data set, and unlocked by two people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import Signature, User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import open_act
from audit.models import Act
from crf import catalogue
from crf.locks.conditions import LockCondition, study_conditions
from crf.locks.services import end_study_lock, lock_study
from exports.database_lock.models import (
    OWNERS,
    SIGNING_ROLES,
    DatabaseLock,
    DatabaseLockItem,
    DatabaseLockSignature,
    HandItem,
)
from exports.models import ArmShown, Export, ExportState
from exports.selected.selection import Selection
from exports.services import request_export
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed
from kernel.tasks import send
from trials.models import DataLock, LockLevel, Site

BEGIN, SETTLE, FREEZE, SIGN, CANCEL, ASK, DECLINE, UNLOCK = (
    "begin",
    "settle",
    "freeze",
    "sign",
    "cancel",
    "ask",
    "decline",
    "unlock",
)
ALSO_ASKED: Final[dict[str, tuple[Any, Callable[[], LockCondition]]]] = {}
STEPS: Final = (BEGIN, SETTLE, FREEZE, SIGN, CANCEL, ASK, DECLINE, UNLOCK)
ONCE_LOCKED: Final = (ASK, DECLINE, UNLOCK)


class NotYoursToLockDatabase(Forbidden):
    code = "exports.not_yours_to_lock_database"
    message = _("Your role does not include this step with the lock of the database.")


class DatabaseLockBegun(Refusal):
    code = "exports.database_lock_begun"
    message = _("A lock of the database is prepared or in force already. Read the page again.")


class DatabaseLockElsewhere(Refusal):
    code = "exports.database_lock_elsewhere"
    message = _("The lock of the database has gone on meanwhile. Read the page again.")


class DatabasePurposeNeeded(Refusal):
    code = "exports.database_lock_words_needed"
    fields = ("reason",)
    message = _("Say what for, or what was done: it stands on the certificate.")
    status = 422


class ItemSettled(Refusal):
    code = "exports.database_lock_item_settled"
    message = _("This item is signed off already.")


class DatabaseChecklistOpen(Refusal):
    code = "exports.database_checklist_open"
    message = _("The checklist is not complete: {open}. Settle each, then take this step.")


class DatasetNotReady(Refusal):
    code = "exports.dataset_not_ready"
    message = _(
        "The data set is not frozen, or was written before something was unlocked. Freeze the data set, and wait until "
        "its files are written."
    )


class SignedForRole(Refusal):
    code = "exports.database_lock_signed"
    message = _("Your role has signed this lock already, or you have signed it for another role.")


class UnlockNeedsSecondPerson(Forbidden):
    code = "exports.unlock_needs_second_person"
    message = _("The database is unlocked by two people: another person than who asked for it signs here.")


def lock_also_asks(*, code: str, label: Any, judge: Callable[[], LockCondition]) -> None:
    """The checklist has one more computed item, of a package above this one, which says so as it starts."""
    ALSO_ASKED[code] = (label, judge)


def take_database_step(
    *,
    step: str,
    seen: str = "",
    item: str = "",
    reason: str = "",
    password: str = "",
    by: User,
    at: datetime,
) -> DatabaseLock:
    """The lock of the database goes one step on, as ``step`` says, from what was shown: ``seen`` is its digest.

    Refuses: who may not; a step that is not next, or another thing than was shown; what the step asks for and is not
    there. Locks: the lock.
    """
    if not by.may(Permission.DATABASE_LOCK_SIGN):
        raise NotYoursToLockDatabase
    if step == BEGIN:
        return _begin(purpose=reason, by=by, at=at)
    with open_act(f"exports:database_lock:{step}", by=by, at=at, reason=reason) as act:
        locked = DatabaseLock.objects.current().select_for_update().first()
        if locked is None or (locked.locked_at is not None) != (step in ONCE_LOCKED):
            raise DatabaseLockElsewhere
        if seen != seen_of(locked, at=at)[step]:
            raise DatabaseLockElsewhere
        told: dict[str, Any] = {"act": act, "by": by, "at": at}
        if step in ONCE_LOCKED:
            _go_on_to_end(locked, step, reason=reason, password=password, **told)
        elif step == SETTLE:
            _settle(locked, item, note=reason, password=password, **told)
        elif step == FREEZE:
            _freeze(locked, **told)
        elif step == SIGN:
            _sign(locked, password=password, **told)
        else:
            _write(locked, act, cancelled_at=at)
    return locked


def _go_on_to_end(
    locked: DatabaseLock, step: str, *, reason: str, password: str, act: Act, by: User, at: datetime
) -> None:
    """The end of a lock that is in force is asked for, declined, or confirmed by a second person."""
    told: dict[str, Any] = {"password": password, "act": act, "by": by, "at": at}
    if step == ASK:
        _ask(locked, reason=reason, **told)
    elif step == UNLOCK:
        _unlock(locked, **told)
    else:
        _decline(locked, act)


def _begin(*, purpose: str, by: User, at: datetime) -> DatabaseLock:
    with open_act("exports:database_lock:begin", by=by, at=at, reason=purpose) as act:
        if not by.may(Permission.CRF_LOCK):
            raise NotYoursToLockDatabase
        if not purpose.strip():
            raise DatabasePurposeNeeded
        if DatabaseLock.objects.current().exists():
            raise DatabaseLockBegun
        return DatabaseLock.objects.create(purpose=purpose.strip(), begun_by=by, begun_at=at, act=act)


def _settle(
    locked: DatabaseLock, item: str, *, note: str, password: str, act: Act, by: User, at: datetime
) -> None:
    """An item by hand is signed off by who owns it."""
    if OWNERS.get(item) not in by.roles:
        raise NotYoursToLockDatabase
    if not note.strip():
        raise DatabasePurposeNeeded
    if locked.items.filter(kind=item).exists():
        raise ItemSettled
    DatabaseLockItem.objects.create(
        database_lock=locked,
        kind=item,
        note=note.strip(),
        signature=_signed(
            f"item {item} of the database lock",
            _digest([locked.pk, item, note.strip()]),
            HandItem(item).label,
            by=by,
            password=password,
            at=at,
        ),
        act=act,
    )


def _freeze(locked: DatabaseLock, *, act: Act, by: User, at: datetime) -> None:
    """Every form of every site is exported as it is now; the worker writes the files and their digests."""
    if not by.may(Permission.EXPORT_TAKE):
        raise NotYoursToLockDatabase
    _refuse_open(locked, at=at)
    with override("en"):
        export = request_export(
            forms=list(catalogue.forms()),
            sites=list(Site.objects.order_by("code").values_list("code", flat=True)),
            purpose=purpose_in_register(locked),
            selection=Selection(arm=ArmShown.SHOWN.value),
            by=by,
            at=at,
        )
    _write(locked, act, export=export)


def purpose_in_register(locked: DatabaseLock) -> str:
    """Return the purpose of the export of a lock, never cut: what people typed may be as long as the register holds."""
    said, longest = f"Database lock: {locked.purpose}", Export._meta.get_field("purpose").max_length
    return said if len(said) <= (longest or 0) else locked.purpose


def _sign(locked: DatabaseLock, *, password: str, act: Act, by: User, at: datetime) -> None:
    """One role has signed the lock; with the third signature the database is locked."""
    lines = _refuse_open(locked, at=at)
    refuse_stale_dataset(locked)
    role = next((each for each in SIGNING_ROLES if each in by.roles), None)
    digest = digest_of(locked, lines)
    signed = locked.signatures.filter(digest=digest).select_related("signature")
    if role is None or any(each.role == role or each.signature.by_id == by.pk for each in signed):
        raise SignedForRole
    signature = _signed(
        f"database lock {locked.pk}",
        digest,
        _("The data are final for this purpose, and the database is locked"),
        by=by,
        password=password,
        at=at,
    )
    DatabaseLockSignature.objects.create(
        database_lock=locked, role=role, digest=digest, signature=signature, act=act
    )
    roles = set(locked.signatures.filter(digest=digest).values_list("role", flat=True))
    changed: dict[str, Any] = {"digest": digest, "checklist": lines}
    if roles >= {each.value for each in SIGNING_ROLES}:
        changed |= {"data_lock": lock_study(signature=signature, by=by, at=at), "locked_at": at}
        send("audit:anchor", "lock", may_fail=True)
    _write(locked, act, **changed)


def _ask(locked: DatabaseLock, *, reason: str, password: str, act: Act, by: User, at: datetime) -> None:
    if not reason.strip():
        raise DatabasePurposeNeeded
    if locked.unlock_asked_at is not None:
        raise DatabaseLockElsewhere
    told: Any = {"by": by, "password": password, "at": at}
    digest = _unlock_digest(locked, reason)
    signature = _signed(f"unlocking of database lock {locked.pk}", digest, _("Unlocking asked for"), **told)
    _write(
        locked,
        act,
        unlock_reason=reason.strip(),
        unlock_asked_by=by,
        unlock_asked_at=at,
        asking_signature=signature,
    )


def _decline(locked: DatabaseLock, act: Act) -> None:
    """The unlocking that was asked for is taken back or declined: the database stays locked, under its signatures."""
    if locked.unlock_asked_by_id is None:
        raise DatabaseLockElsewhere
    nothing: dict[str, Any] = {"unlock_asked_by": None, "unlock_asked_at": None, "asking_signature": None}
    _write(locked, act, unlock_reason="", **nothing)


def _unlock(locked: DatabaseLock, *, password: str, act: Act, by: User, at: datetime) -> None:
    """The second person has signed: the study is not locked any more; its sites stay locked."""
    if locked.unlock_asked_by_id is None or locked.data_lock is None:
        raise DatabaseLockElsewhere
    if locked.unlock_asked_by_id == by.pk:
        raise UnlockNeedsSecondPerson
    told: Any = {"by": by, "password": password, "at": at}
    digest = _unlock_digest(locked, locked.unlock_reason)
    signature = _signed(f"unlocking of database lock {locked.pk}", digest, _("Unlocking confirmed"), **told)
    end_study_lock(
        row=locked.data_lock,
        asked=locked.asking_signature,
        confirmed=signature,
        reason=locked.unlock_reason,
        by=by,
        at=at,
    )
    _write(locked, act, unlocked_by=by, unlocked_at=at, unlocking_signature=signature)


def checklist_of(
    locked: DatabaseLock | None, *, at: datetime
) -> tuple[list[LockCondition], list[dict[str, Any]]]:
    """Return the computed items, and those by hand with who owns each and who signed it off."""
    today = local_date(at, settings.TRIAL_TIME_ZONE)
    computed = [*study_conditions(today=today), *(judge() for _label, judge in ALSO_ASKED.values())]
    settled = {each.kind: each for each in locked.items.select_related("signature")} if locked else {}
    by_hand = [
        {"kind": item.value, "label": item.label, "owner": OWNERS[item], "settled": settled.get(item.value)}
        for item in HandItem
    ]
    return computed, by_hand


def _refuse_open(locked: DatabaseLock, *, at: datetime) -> list[list[Any]]:
    """Refuse a checklist with an open item; return it as it is signed."""
    computed, by_hand = checklist_of(locked, at=at)
    left = [f"{each.label} ({each.failed})" for each in computed if each.failed]
    left += [str(each["label"]) for each in by_hand if each["settled"] is None]
    if left:
        raise DatabaseChecklistOpen(open=listed(left))
    return _lines(computed, by_hand)


def _lines(computed: list[LockCondition], by_hand: list[dict[str, Any]]) -> list[list[Any]]:
    lines: list[list[Any]] = [[each.code, each.failed] for each in computed]
    settled = [(each["kind"], each["settled"]) for each in by_hand if each["settled"] is not None]
    return lines + [[kind, item.note, item.signature.printed_name] for kind, item in settled]


def seen_of(locked: DatabaseLock, *, at: datetime) -> dict[str, str]:
    """Return, for each step, the digest of what the page shows of it: what was read is what is signed."""
    begun = _digest([locked.pk, locked.purpose])
    seen = dict.fromkeys(STEPS, begun)
    if locked.locked_at is None:
        seen[SIGN] = digest_of(locked, _lines(*checklist_of(locked, at=at)))
    seen[DECLINE] = seen[UNLOCK] = _unlock_digest(locked, locked.unlock_reason)
    return seen


def dataset_is_ready(locked: DatabaseLock) -> bool:
    """Say whether the data set is written, and was read after the last site was locked."""
    export = locked.export
    if export is None or export.state != ExportState.DONE or export.cut_at is None:
        return False
    sites = DataLock.objects.standing().filter(level=LockLevel.SITE)
    reopened = DataLock.objects.filter(kind="open", level__lt=LockLevel.SITE)
    moments = (
        sites.aggregate(at=Max("begun_at"))["at"],
        reopened.aggregate(at=Max("ended_at"))["at"],
    )
    return all(moment is None or moment <= export.requested_at for moment in moments)


def refuse_stale_dataset(locked: DatabaseLock) -> None:
    """Refuse a data set that is not there, or does not show the data as they are locked."""
    if not dataset_is_ready(locked):
        raise DatasetNotReady


def digest_of(locked: DatabaseLock, lines: list[list[Any]]) -> str:
    """Return the SHA-256 of what is signed: purpose, checklist, and the digests of the files of the data set."""
    export = locked.export
    files = [[file["file"], file["sha256"]] for file in export.manifest.get("files", ())] if export else []
    return _digest([locked.pk, locked.purpose, lines, export.digest if export else "", files])


def _unlock_digest(locked: DatabaseLock, reason: str) -> str:
    return _digest([locked.pk, locked.digest, reason.strip()])


def _digest(content: Any) -> str:
    said = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _signed(record: str, digest: str, meaning: Any, *, by: User, password: str, at: datetime) -> Signature:
    return sign(record=record, digest=digest, meaning=meaning, by=by, password=password, at=at)


def _write(locked: DatabaseLock, act: Act, **columns: Any) -> None:
    for name, value in {**columns, "act": act}.items():
        setattr(locked, name, value)
    locked.save(update_fields=[*columns, "act"])

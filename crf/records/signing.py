"""How a record goes on after its answers: verified, signed, locked; and what a change undoes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import act
from audit.models import Act
from crf.engine.base import RecordState
from crf.engine.conditions import canonical
from crf.engine.declaration import FormDeclaration
from crf.models import Query, RecordSignature
from crf.store.records import Place, Sheet, find_sheet
from kernel.errors import Forbidden, Refusal
from trials.models import Participant

S = RecordState


class NotInYourRole(Forbidden):
    message = _("Your role does not include this step. Nothing was changed.")


class NothingThere(Refusal):
    message = _("{record} has no saved answers yet. Fill and save it first.")
    status = 404


class StepNotPossible(Refusal):
    message = _("{record} is “{state}”. This step is taken from: {needed}.")


class QueriesStillOpen(Refusal):
    message = _("{record} has {number} open queries. Settle them first, then take this step.")


class ChangedMeanwhile(Refusal):
    message = _("{record} was changed since you opened it. Read it again, then decide.")


class UnlockReasonNeeded(Refusal):
    message = _("Say why {record} is unlocked.")
    status = 422


def digest_of(form: FormDeclaration, sheet: Sheet) -> str:
    """Return the SHA-256 of the record's answers in one spelling: what a signature is bound to (11.70)."""
    outcome = sheet.outcome(form)
    content = {
        "form": [form.code, sheet.record.form_version],
        "record": [sheet.record.pk, sheet.record.version],
        "values": {name: canonical(value) for name, value in outcome.values.items()},
        "missing": dict(outcome.missing),
        "groups": {
            name: [{key: canonical(value) for key, value in row.items() if key != "missing"} for row in rows]
            for name, rows in outcome.groups.items()
        },
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verify_record(*, place: Place, version: int, by: User, at: datetime) -> None:
    """The monitor has compared the record with its source, as it is in ``version``."""
    with act("crf:record:verify", by=by, at=at, participant=place.participant) as written:
        sheet = _held(place, Permission.CRF_VERIFY, by=by, version=version, needed=(S.COMPLETE,))
        _refuse_open_queries(place, sheet)
        _move(sheet.record, S.VERIFIED, written)


def sign_record(*, place: Place, version: int, password: str, by: User, at: datetime) -> RecordSignature:
    """The investigator has signed the record as it is in ``version``; a later change drops the signature."""
    with act("crf:record:sign", by=by, at=at, participant=place.participant) as written:
        needed = (S.COMPLETE, S.VERIFIED)
        sheet = _held(place, Permission.CRF_SIGN, by=by, version=version, needed=needed)
        _refuse_open_queries(place, sheet)
        signature = sign(
            record=place.label,
            digest=digest_of(place.form, sheet),
            meaning=_("I have reviewed these answers and confirm that they are complete and correct"),
            by=by,
            password=password,
            at=at,
            site=place.participant.site,
        )
        _move(sheet.record, S.SIGNED, written)
        return RecordSignature.objects.create(
            participant=place.participant,
            site_id=place.participant.site_id,
            form_code=place.form.code,
            record_id=sheet.record.pk,
            version=version,
            signature=signature,
            act=written,
        )


def lock_record(*, place: Place, version: int, by: User, at: datetime) -> None:
    """Nobody changes the record any more, until a data manager unlocks it with a reason."""
    with act("crf:record:lock", by=by, at=at, participant=place.participant) as written:
        needed = (S.COMPLETE, S.VERIFIED, S.SIGNED)
        sheet = _held(place, Permission.CRF_LOCK, by=by, version=version, needed=needed)
        _refuse_open_queries(place, sheet)
        _move(sheet.record, S.LOCKED, written)


def unlock_record(*, place: Place, version: int, reason: str, by: User, at: datetime) -> None:
    """The record is again what it was before it was locked."""
    if not reason.strip():
        raise UnlockReasonNeeded(record=place.label)
    with act("crf:record:unlock", by=by, at=at, participant=place.participant, reason=reason) as written:
        sheet = _held(place, Permission.CRF_LOCK, by=by, version=version, needed=(S.LOCKED,))
        before = sheet.record.events.exclude(state=S.LOCKED).order_by("-pgh_id").first()
        _move(sheet.record, S(before.state), written)


def signature_holds(place: Place, sheet: Sheet, signed: RecordSignature) -> bool:
    """Say whether the record still has exactly the content that was signed."""
    return signed.version == sheet.record.version and signed.signature.digest == digest_of(place.form, sheet)


def _held(
    place: Place, permission: Permission, *, by: User, version: int, needed: tuple[RecordState, ...]
) -> Sheet:
    if not by.may(permission, place.participant.site):
        raise NotInYourRole
    Participant.objects.lock(place.participant.pk)
    sheet = find_sheet(place, lock=True)
    if sheet is None:
        raise NothingThere(record=place.label)
    if sheet.record.state not in needed:
        raise StepNotPossible(
            record=place.label,
            state=sheet.record.get_state_display(),
            needed=", ".join(str(state.label) for state in needed),
        )
    if sheet.record.version != version:
        raise ChangedMeanwhile(record=place.label)
    return sheet


def _refuse_open_queries(place: Place, sheet: Sheet) -> None:
    number = Query.objects.on_record(place.form.code, sheet.record.pk).living().count()
    if number:
        raise QueriesStillOpen(record=place.label, number=number)


def _move(record: Any, state: RecordState, written: Act) -> None:
    record.state, record.act = state, written
    record.save(update_fields=["state", "act"])

"""How a record goes on after its answers: verified, then signed; and what a change undoes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import open_act
from audit.models import Act
from crf.engine.base import CrfRecord, RecordState
from crf.engine.conditions import canonical
from crf.engine.declaration import FormDeclaration
from crf.engine.former_codes import former_spellings
from crf.models import Query, RecordSignature
from crf.store.records import RecordKey, StoredRecord, find_stored_record, update_record
from crf.store.verification import answers_of, put_verified, settle_verification
from kernel.errors import Forbidden, Refusal
from trials.models import Participant

S = RecordState
NOT_SIGNED = frozenset(
    {"missing", "row_id"}
)  # parts of a row that its position and the record's reasons stand for


class NotInYourRole(Forbidden):
    code = "crf.not_in_your_role"
    message = _("Your role does not include this step. Nothing was changed.")


class NothingThere(Refusal):
    code = "crf.nothing_there"
    message = _("{record} has no saved answers yet. Fill and save it first.")
    status = 404


class StepNotPossible(Refusal):
    code = "crf.step_not_possible"
    message = _("{record} is “{state}”. This step is taken from: {needed}.")


class QueriesStillOpen(Refusal):
    code = "crf.queries_still_open"
    message = _("{record} has {number} open queries. Settle them first, then take this step.")


class ChangedMeanwhile(Refusal):
    code = "crf.changed_meanwhile"
    message = _("{record} was changed since you opened it. Read it again, then decide.")


def digest_of(form: FormDeclaration, stored: StoredRecord) -> str:
    """Return the SHA-256 of the record's answers in one spelling: what a signature is bound to (11.70)."""
    return _digest_of(_content_of(form, stored))


def _content_of(form: FormDeclaration, stored: StoredRecord) -> dict[str, Any]:
    outcome = stored.outcome(form)
    return {
        "form": [form.code, stored.record.form_version],
        "record": [stored.record.pk, stored.record.version],
        "values": {name: canonical(value) for name, value in outcome.values.items()},
        "missing": dict(outcome.missing),
        "groups": {
            name: [
                {key: canonical(value) for key, value in row.items() if key not in NOT_SIGNED} for row in rows
            ]
            for name, rows in outcome.groups.items()
        },
    }


def _digest_of(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verify_record(*, record_key: RecordKey, version: int, by: User, at: datetime) -> None:
    """The monitor has compared every answer of the record with its source, as in ``version``; a signature stays.

    Refuses: who may not; a record that is not there, is not complete, was changed meanwhile, or has open queries.
    Locks: the participant, then the record.
    """
    with open_act("crf:record:verify", by=by, at=at, participant=record_key.participant) as act:
        needed = (S.COMPLETE, S.SIGNED)
        stored = hold_record(record_key, Permission.CRF_VERIFY, by=by, version=version, needed=needed)
        _refuse_open_queries(record_key, stored)
        answers = answers_of(record_key.form, stored.record.pk)
        put_verified(stored.record, answers.values(), by=by, at=at, act=act)
        settle_verification([stored.record.pk], act=act)


def sign_record(
    *, record_key: RecordKey, version: int, password: str, by: User, at: datetime
) -> RecordSignature:
    """The investigator has signed the record as it is in ``version``; a later change drops the signature.

    Refuses: as ``verify_record`` does, and a password that does not match. Locks: the participant, then the record.
    """
    with open_act("crf:record:sign", by=by, at=at, participant=record_key.participant) as act:
        needed = (S.COMPLETE, S.VERIFIED)
        stored = hold_record(record_key, Permission.CRF_SIGN, by=by, version=version, needed=needed)
        _refuse_open_queries(record_key, stored)
        signature = sign(
            record=record_key.label,
            digest=digest_of(record_key.form, stored),
            meaning=_("I have reviewed these answers and confirm that they are complete and correct"),
            by=by,
            password=password,
            at=at,
            site=record_key.participant.site,
        )
        _move(stored.record, S.SIGNED, act)
        return RecordSignature.objects.create(
            participant=record_key.participant,
            site_id=record_key.participant.site_id,
            record_id=stored.record.pk,
            version=version,
            signature=signature,
            act=act,
        )


def signature_holds(record_key: RecordKey, stored: StoredRecord, signed: RecordSignature) -> bool:
    """Say whether the record still has exactly the content that was signed, also under the former name of a code."""
    if signed.version != stored.record.version:
        return False
    content = _content_of(record_key.form, stored)
    return signed.signature.digest in {_digest_of(each) for each in (content, *former_spellings(content))}


def hold_record(
    record_key: RecordKey, permission: Permission, *, by: User, version: int, needed: tuple[RecordState, ...]
) -> StoredRecord:
    """Return the record, held with its participant, as ``by`` saw it.

    Refuses: who may not; a record that is not there, from which the step is not taken, or changed meanwhile.
    """
    if not by.may(permission, record_key.participant.site):
        raise NotInYourRole
    Participant.objects.lock(record_key.participant.pk)
    stored = find_stored_record(record_key, lock=True)
    if stored is None:
        raise NothingThere(record=record_key.label)
    if stored.record.state not in needed:
        raise StepNotPossible(
            record=record_key.label,
            state=stored.record.get_state_display(),
            needed=", ".join(str(state.label) for state in needed),
        )
    if stored.record.version != version:
        raise ChangedMeanwhile(record=record_key.label)
    return stored


def _refuse_open_queries(record_key: RecordKey, stored: StoredRecord) -> None:
    number = Query.objects.living().filter(record_id=stored.record.pk).count()
    if number:
        raise QueriesStillOpen(record=record_key.label, number=number)


def _move(record: CrfRecord, state: RecordState, act: Act) -> None:
    record.state = state
    update_record(record, ["state"], act=act)

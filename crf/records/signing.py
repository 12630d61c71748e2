"""How a record goes on after its answers: verified, then signed; and what a change undoes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import admit_signing, put_signature
from audit.acts import open_act
from audit.models import Act
from crf.engine.base import CrfRecord, RecordState
from crf.engine.conditions import canonical
from crf.engine.declaration import FormDeclaration
from crf.engine.former_codes import former_spellings
from crf.models import Query, RecordSignature, SignedAs
from crf.store.outstanding import unsigned
from crf.store.records import RecordKey, StoredRecord, find_stored_record, update_record
from crf.store.verification import answers_of, put_verified, settle_verification
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed
from trials.models import Participant

S = RecordState


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


class NothingToSign(Refusal):
    code = "crf.nothing_to_sign"
    message = _("No form is ticked. Tick those that you have read and sign.")
    status = 409


class ChangedMeanwhile(Refusal):
    code = "crf.changed_meanwhile"
    message = _("{record} was changed since you opened it. Read it again, then decide.")


def digest_of(form: FormDeclaration, stored: StoredRecord) -> str:
    """Return the SHA-256 of the record's answers in one spelling: what a signature is bound to (11.70)."""
    return _digest_of(_content_of(form, stored))


def questions_of(form: FormDeclaration) -> dict[str, Any]:
    """Return the names of the questions of a form, as a signature keeps them."""
    return {
        "values": list(form.questions),
        "groups": {name: list(group.questions) for name, group in form.groups.items()},
    }


def _content_of(
    form: FormDeclaration, stored: StoredRecord, questions: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what is signed of the record: the answers to ``questions``, or to those that the form has now."""
    outcome = stored.outcome(form)
    asked = questions or questions_of(form)
    return {
        "form": [form.code, stored.record.form_version],
        "record": [stored.record.pk, stored.record.version],
        "values": {name: canonical(outcome.values.get(name)) for name in asked["values"]},
        "missing": dict(outcome.missing),
        "groups": {
            name: [
                {key: canonical(row.get(key)) for key in ("position", *names)}
                for row in outcome.groups.get(name, ())
            ]
            for name, names in asked["groups"].items()
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
        stored = _held_to_sign(record_key, version, by)
        admit_signing(by=by, password=password, at=at)
        return _put(record_key, stored, SignedAs.FORM, act, by)


def _held_to_sign(record_key: RecordKey, version: int, by: User) -> StoredRecord:
    needed = (S.COMPLETE, S.VERIFIED)
    stored = hold_record(record_key, Permission.CRF_SIGN, by=by, version=version, needed=needed)
    _refuse_open_queries(record_key, stored)
    return stored


def _put(
    record_key: RecordKey, stored: StoredRecord, signed_as: SignedAs, act: Act, by: User
) -> RecordSignature:
    """Put a signature under the record as it is held; the password has been asked for."""
    signature = put_signature(
        record=record_key.label,
        digest=digest_of(record_key.form, stored),
        meaning=_("I have reviewed these answers and confirm that they are complete and correct"),
        by=by,
        at=act.at,
        site=record_key.participant.site,
    )
    _move(stored.record, S.SIGNED, act)
    return RecordSignature.objects.create(
        participant=record_key.participant,
        site_id=record_key.participant.site_id,
        record_id=stored.record.pk,
        version=stored.record.version,
        signature=signature,
        questions=questions_of(record_key.form),
        signed_as=signed_as,
        act=act,
    )


@dataclass(frozen=True)
class SignedLot:
    """What was signed together, and what was left out of it and why; records by their labels."""

    signed: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def sign_records(
    *, seen: Mapping[RecordKey, tuple[int, str]], signed_as: SignedAs, password: str, by: User, at: datetime
) -> SignedLot:
    """The investigator has signed the records together, each exactly as it was shown, with one password.

    ``seen`` holds the version and the digest of each record as it was shown. A record that is not as it was shown, or
    cannot be signed, is left out and named; the others are signed. They are signed as a casebook or as a visit only
    where none of it waits for a signature any more.

    Refuses: a lot without a record, who may not sign, a password that does not match. Locks: each participant, then
    the record.
    """
    if not seen:
        raise NothingToSign
    stored_of: dict[RecordKey, StoredRecord] = {}
    left_out: list[tuple[str, str]] = []
    with open_act("crf:records:sign", by=by, at=at):
        admit_signing(by=by, password=password, at=at)
        for record_key, (version, digest) in seen.items():
            try:
                stored = _held_to_sign(record_key, version, by)
                if digest_of(record_key.form, stored) != digest:
                    raise ChangedMeanwhile(record=record_key.label)
            except Refusal as refusal:
                left_out.append((record_key.label, str(refusal)))
            else:
                stored_of[record_key] = stored
        kind = _kind_of(signed_as, stored_of)
        for record_key, stored in stored_of.items():
            with open_act("crf:record:sign", by=by, at=at, participant=record_key.participant) as act:
                _put(record_key, stored, kind, act, by)
    return SignedLot(tuple(record_key.label for record_key in stored_of), tuple(left_out))


def _kind_of(asked: SignedAs, stored_of: Mapping[RecordKey, StoredRecord]) -> SignedAs:
    """Return what the records are together: a casebook or a visit without one of its records is several forms."""
    numbers = {stored.record.pk for stored in stored_of.values()}
    whole = {SignedAs.CASEBOOK: "participant_id", SignedAs.VISIT: "visit_id"}
    if asked in whole:
        of = {getattr(stored.record, whole[asked]) for stored in stored_of.values()}
        waiting = unsigned(**{f"{whole[asked]}__in": of}).values_list("pk", flat=True)
        if len(of) == 1 and None not in of and set(waiting) <= numbers:
            return asked
    return SignedAs.FORM if len(numbers) == 1 else SignedAs.SEVERAL


def signature_holds(record_key: RecordKey, stored: StoredRecord, signed: RecordSignature) -> bool:
    """Say whether the record still has exactly the content that was signed, also under the former name of a code."""
    if signed.version != stored.record.version:
        return False
    content = _content_of(record_key.form, stored, signed.questions)
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
            needed=listed(str(state.label) for state in needed),
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

"""Defaults of the protocol text that the study team confirms with a signature (architecture 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import open_act
from kernel.errors import Forbidden, Refusal
from protocol.loader.schema import OpenQuestion
from protocol.text import load
from trials.models import Confirmation

MOST_AT_ONCE = 200


class NoValueToConfirm(Refusal):
    code = "trials.no_value_to_confirm"
    message = _("No value is ticked. Tick at least one value, then confirm.")
    status = 422


class TooManyAtOnce(Refusal):
    code = "trials.too_many_at_once"
    message = _("One signature covers at most {most} values. Confirm fewer at once.")
    status = 422


class NotConfirmable(Refusal):
    code = "trials.not_confirmable"
    message = _("{item} has no value that can be confirmed here. It is answered in a new protocol version.")
    status = 422


class ValueMoved(Refusal):
    code = "trials.value_moved"
    message = _("The value of {item} is another one by now. Read it again, then confirm.")


class ConfirmedAlready(Refusal):
    code = "trials.confirmed_already"
    message = _("{item} is confirmed already. Withdraw that confirmation first if it was a mistake.")


class NotConfirmed(Refusal):
    code = "trials.not_confirmed"
    message = _("This confirmation was withdrawn already.")


def confirm_values(
    *, version: str, seen: Mapping[str, str], note: str, password: str, by: User, at: datetime
) -> list[Confirmation]:
    """Each value of ``seen`` (item to digest as read) is confirmed as it is now, under one signature.

    ``note`` says what the confirmation rests on, such as the approved protocol and its page.

    Refuses: who does not answer for the study team; a value that has changed or is confirmed; a password that does
    not match.
    """
    with open_act("trials:confirmation:sign", by=by, at=at, reason=note) as act:
        _refuse_others(by)
        questions = _as_seen(version, seen)
        _refuse_confirmed(questions)
        signature = sign(
            record=f"protocol {version}: {len(questions)} value(s)",
            digest=digest_of(questions),
            meaning=_("Confirmed for the study team"),
            by=by,
            password=password,
            at=at,
        )
        made = [
            Confirmation(
                item=each.item,
                digest=each.digest,
                version=version,
                shown_en=each.shown.en,
                shown_zh=each.shown.zh,
                note=note,
                signature=signature,
                signed_by=by.display_name,
                confirmed_at=at,
                act=act,
            )
            for each in questions
        ]
        try:
            with transaction.atomic():
                return Confirmation.objects.bulk_create(made)
        except IntegrityError as error:  # somebody else confirmed one of them in this very moment
            raise ConfirmedAlready(item=questions[0].item) from error


def digest_of(questions: Sequence[OpenQuestion]) -> str:
    """Return what the signature binds: the digests of all values, in the order of their items."""
    digests = [each.digest for each in sorted(questions, key=lambda each: each.item)]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def withdraw_confirmation(*, confirmation: Confirmation, reason: str, by: User, at: datetime) -> Confirmation:
    """The value is a default again, for ``reason``; the confirmation stays on record.

    Refuses: who does not answer for the study team; one that is withdrawn. Locks: the confirmation.
    """
    with open_act("trials:confirmation:withdraw", by=by, at=at, reason=reason) as act:
        _refuse_others(by)
        locked = Confirmation.objects.select_for_update().get(pk=confirmation.pk)
        if locked.withdrawn_at is not None:
            raise NotConfirmed
        locked.withdrawn_at, locked.withdrawn_by, locked.withdrawal_reason = at, by.display_name, reason
        locked.act = act
        locked.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason", "act"])
    return locked


def _refuse_others(by: User) -> None:
    if not by.may(Permission.PROTOCOL_CONFIRM):
        raise Forbidden


def _as_seen(version: str, seen: Mapping[str, str]) -> list[OpenQuestion]:
    """Return the values that were ticked, unless one of them is no longer as it was read."""
    if not seen:
        raise NoValueToConfirm
    if len(seen) > MOST_AT_ONCE:
        raise TooManyAtOnce(most=MOST_AT_ONCE)
    now = {each.item: each for each in load(version).open_questions()}
    for item, digest in seen.items():
        current = now.get(item)
        if current is None or current.digest != digest:
            raise ValueMoved(item=item)
        if not current.confirmable:
            raise NotConfirmable(item=item)
    return [now[item] for item in sorted(seen)]


def _refuse_confirmed(questions: Sequence[OpenQuestion]) -> None:
    living = {each.item: each.digest for each in questions}
    confirmations = Confirmation.objects.filter(item__in=living, withdrawn_at=None).values_list(
        "item", "digest"
    )
    for item, digest in confirmations:
        if living[item] == digest:
            raise ConfirmedAlready(item=item)

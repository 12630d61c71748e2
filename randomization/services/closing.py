"""The end of a scheme or of a draft: a scheme is closed by two people, a list that was asked for is rejected by one."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.scope import EVERYTHING, scope
from randomization.models import (
    Allocation,
    Envelope,
    ListPart,
    PartKind,
    Scheme,
    SchemeClosing,
    SchemeState,
)
from randomization.services.lists import MayNotActivate, SchemeNotActive, refuse_settled


class SchemeInUse(Refusal):
    code = "randomization.scheme_in_use"
    message = _(
        "Scheme {scheme} cannot be closed yet. Envelopes that are out or not entered: {envelopes}. Allocations not "
        "completed: {waiting}. Collect or enter the envelopes first."
    )


class ClosingAskedFor(Refusal):
    code = "randomization.closing_asked_for"
    message = _("The closing of scheme {scheme} was asked for on {day} already.")


class ClosingNeedsSecondPerson(Forbidden):
    code = "randomization.closing_needs_second_person"
    message = _(
        "You asked for the closing of this scheme, so another statistician or trial manager confirms it."
    )


class ClosingSettled(Refusal):
    code = "randomization.closing_settled"
    message = _("This closing was confirmed or taken back already. Read the page of the scheme again.")


def ask_to_close(*, scheme: Scheme, reason: str, by: User, password: str, at: datetime) -> SchemeClosing:
    """The closing of the active scheme waits for a second person; until then it goes on allocating.

    Refuses: a scheme that is not active; envelopes that are out; allocations not completed. Locks: the scheme.
    """
    _refuse_unless_allowed(by)
    with open_act("randomization:scheme:ask_to_close", by=by, at=at, reason=reason) as act:
        locked = _lock(scheme)
        if standing := SchemeClosing.objects.standing().filter(scheme=locked).first():
            raise ClosingAskedFor(scheme=locked.name, day=_day(standing.asked_at))
        _refuse_in_use(locked, by=by)
        return SchemeClosing.objects.create(
            scheme=locked,
            reason=reason,
            asked_by=by,
            asked_at=at,
            asking_signature=_signed(locked, _("Closing of the scheme asked for"), by, password, at),
            act=act,
        )


def confirm_closing(*, closing: SchemeClosing, by: User, password: str, at: datetime) -> SchemeClosing:
    """The scheme is closed for good and allocates no more; another one may be activated.

    Refuses: who asked for it; what was settled meanwhile; a scheme in use. Locks: the scheme, then the closing.
    """
    _refuse_unless_allowed(by)
    with open_act("randomization:scheme:close", by=by, at=at, reason=closing.reason) as act:
        scheme, locked = _lock(closing.scheme), _lock_waiting(closing)
        if locked.asked_by_id == by.pk:
            raise ClosingNeedsSecondPerson
        _refuse_in_use(scheme, by=by)
        locked.confirming_signature = _signed(scheme, _("Scheme closed"), by, password, at)
        locked.confirmed_by, locked.confirmed_at, locked.act = by, at, act
        locked.save(update_fields=["confirmed_by", "confirmed_at", "confirming_signature", "act"])
        scheme.state, scheme.act = SchemeState.CLOSED, act
        scheme.save(update_fields=["state", "act"])
    return locked


def end_closing(*, closing: SchemeClosing, reason: str, by: User, at: datetime) -> SchemeClosing:
    """The request to close is taken back or declined; the act keeps why. Locks: the closing."""
    _refuse_unless_allowed(by)
    with open_act("randomization:scheme:keep", by=by, at=at, reason=reason) as act:
        locked = _lock_waiting(closing)
        locked.ended_by, locked.ended_at, locked.act = by, at, act
        locked.save(update_fields=["ended_by", "ended_at", "act"])
    return locked


def reject_list(*, part: ListPart, reason: str, by: User, at: datetime) -> ListPart:
    """The list that was asked for is never activated: withdrawn by who asked, or rejected by a second person.

    A draft whose first list it is goes with it, and its version and name are not used again.
    Refuses: a list that is active or rejected. Locks: the scheme, then the list.
    """
    _refuse_unless_allowed(by)
    with open_act("randomization:list:reject", by=by, at=at, reason=reason) as act:
        scheme = _lock(part.scheme)
        locked = ListPart.objects.select_for_update(of=("self",)).get(pk=part.pk)
        refuse_settled(locked)
        locked.rejected_by, locked.rejected_at, locked.rejected_because = by, at, reason
        locked.act, locked.scheme = act, scheme
        locked.save(update_fields=["rejected_by", "rejected_at", "rejected_because", "act"])
        if locked.kind == PartKind.FIRST and scheme.state == SchemeState.DRAFT:
            scheme.state, scheme.act = SchemeState.REJECTED, act
            scheme.save(update_fields=["state", "act"])
    return locked


def _refuse_unless_allowed(by: User) -> None:
    if not by.may(Permission.SCHEME_ACTIVATE):
        raise MayNotActivate


def _refuse_in_use(scheme: Scheme, *, by: User) -> None:
    if scheme.state != SchemeState.ACTIVE:
        raise SchemeNotActive(scheme=scheme.name)
    with scope(user_id=by.pk, sites=EVERYTHING):
        envelopes = Envelope.objects.out().count()
        waiting = Allocation.objects.unrevealed().count()
    if envelopes or waiting:
        raise SchemeInUse(scheme=scheme.name, envelopes=envelopes, waiting=waiting)


def _signed(scheme: Scheme, meaning: Promise, by: User, password: str, at: datetime) -> Signature:
    content = "\n".join([scheme.name, scheme.algorithm, scheme.ratio, scheme.state])
    told: dict[str, Any] = {"meaning": meaning, "by": by, "password": password, "at": at}
    digest = hashlib.sha256(content.encode("utf-8")).hexdigest()
    return sign(record=f"randomization scheme {scheme.name}", digest=digest, **told)


def _lock(scheme: Scheme) -> Scheme:
    return Scheme.objects.select_for_update().get(pk=scheme.pk)


def _lock_waiting(closing: SchemeClosing) -> SchemeClosing:
    locked: SchemeClosing = SchemeClosing.objects.select_for_update(of=("self",)).get(pk=closing.pk)
    if locked.ended_at is not None or locked.confirmed_at is not None:
        raise ClosingSettled
    return locked


def _day(moment: datetime) -> str:
    return local_date(moment, settings.TRIAL_TIME_ZONE).isoformat()

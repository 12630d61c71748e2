"""Contact requests, from the visitor's sending to the erasure of who it was.

The identity is written, read and deleted here and nowhere else. A visitor's request runs in the scope of
the one site it goes to (ADR 17).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Protocol, TypedDict, cast

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from trials.models import ContactIdentity, ContactRequest, Delegation, Participant, RequestCall, Site
from trials.models.requests import CallResult, RequestState
from trials.models.sites import SiteState
from trials.services.participants import register_participant
from website.contact.mails import acknowledge, tell_centre
from website.identity import seal, unseal
from website.public.sites import ANSWERING
from website.services.limits import may_send


class CentreClosed(Refusal):
    code = "website.centre_closed"
    message = _("This centre takes no requests now. What you typed is still here: choose another centre.")


class RequestClosed(Refusal):
    code = "website.request_closed"
    message = _("Request {reference} is closed: {state}. Nothing was changed.")


class NotSpokenYet(Refusal):
    code = "website.not_spoken_yet"
    message = _(
        "Nobody has spoken with the person of request {reference} yet. Record the call first, then how it ended."
    )


class CalledTooLate(Refusal):
    code = "website.called_too_late"
    fields = ("on",)
    message = _(
        "The call is dated {day}, which is not between the request and now. Check the day and the time."
    )
    status = 422


class IdentityErased(Refusal):
    code = "website.identity_erased"
    message = _("Who sent request {reference} was erased on {day}. It cannot be brought back.")


class _Typed(Protocol):
    """What ``website.contact.forms.Typed`` holds."""

    email: str
    phone: str


@contextmanager
def only_of(site_id: int) -> Iterator[None]:
    """What happens inside sees one site and its confidences, and nothing else; nobody is signed in."""
    with scope(user_id=None, sites={site_id}, confided={site_id}):
        yield


def receive_request(*, site_code: str, typed: Any, reference: str, at: datetime) -> ContactRequest | None:
    """The centre has the request, once for each ``reference``; its people are told, and the visitor by mail.

    None when the same page was sent before, or when this number or address has asked often enough
    today. The visitor is told the same in every case: nobody learns who wrote before.
    """
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        site_id = Site.objects.filter(code=site_code).values_list("pk", flat=True).first()
    if site_id is None:
        raise CentreClosed
    with only_of(site_id), transaction.atomic():
        site = Site.objects.select_for_update(no_key=True).get(pk=site_id)
        if site.state != SiteState.ACTIVE or not _is_answered(site, at):
            raise CentreClosed
        if ContactRequest.objects.filter(reference=reference).exists() or not _within_limits(typed, at):
            return None
        return _keep(site, typed, reference, at)


def _is_answered(site: Site, at: datetime) -> bool:
    """Say whether somebody of the centre answers: a call is promised by people who are there to make it."""
    delegations = Delegation.objects.in_force(on=local_date(at, site.time_zone))
    return delegations.filter(site=site, role__in=ANSWERING, user__is_active=True).exists()


def _within_limits(typed: _Typed, at: datetime) -> bool:
    number = may_send("phone", typed.phone, at=at)
    return number and (not typed.email or may_send("email", typed.email.lower(), at=at))


def _keep(site: Site, typed: Any, reference: str, at: datetime) -> ContactRequest:
    with open_act("trials:request:receive", by=None, at=at, site=site) as act:
        made = ContactRequest.objects.create(reference=reference, site=site, received_at=at, act=act)
        sealed = seal({**asdict(typed), "remarks": []}, bound_to=bound(made))
        ContactIdentity.objects.create(request=made, site=site, sealed=sealed)
        if typed.email and may_send("mail", typed.email.lower(), at=at):
            acknowledge(made, at=at)
        tell_centre(made, at=at)
    return made


class Identity(TypedDict):
    """Who asked for a call and what they wrote, as typed, with what was remarked at each call since."""

    first_name: str
    last_name: str
    email: str
    phone: str
    phone_typed: str
    language: str
    message: str
    remarks: list[dict[str, str]]


def bound(request: ContactRequest) -> str:
    return f"contact request {request.reference} at {request.site_id}"


def read_identity(request: ContactRequest) -> Identity | None:
    """Return who sent the request and what was remarked since; None once erased, or outside its centre."""
    contact_identity = ContactIdentity.objects.filter(request=request).first()
    return (
        cast("Identity", unseal(contact_identity.sealed, bound_to=bound(request)))
        if contact_identity
        else None
    )


def open_identity(*, request: ContactRequest, by: User, at: datetime) -> Identity | None:
    """Return who sent the request; that ``by`` has looked is on record."""
    with open_act("trials:request:look", by=by, at=at, site=request.site):
        return read_identity(request)


def _remark(request: ContactRequest, text: str, by: User, at: datetime) -> None:
    """What was said stands sealed beside the identity, and will be erased with it."""
    if not text.strip():
        return
    locked = ContactIdentity.objects.select_for_update().filter(request=request).first()
    if locked is None:
        raise IdentityErased(reference=request.reference, day=_erased_on(request))
    values = unseal(locked.sealed, bound_to=bound(request))
    values["remarks"].append({"at": at.isoformat(), "by": by.display_name, "text": text})
    locked.sealed = seal(values, bound_to=bound(request))
    locked.save(update_fields=["sealed"])


def _erased_on(request: ContactRequest) -> str:
    return local_date(request.erased_at, request.site.time_zone).isoformat() if request.erased_at else ""


def _hold_open(request: ContactRequest) -> ContactRequest:
    locked = ContactRequest.objects.lock(request.pk)
    if not locked.is_open:
        raise RequestClosed(reference=locked.reference, state=locked.get_state_display())
    return locked


def record_call(
    *,
    request: ContactRequest,
    called_at: datetime,
    result: str,
    again_on: date | None = None,
    remark: str = "",
    by: User,
    at: datetime,
) -> RequestCall:
    """The call and its result are on record; a new request has been called.

    Refuses: a closed request; a call before it arrived or still to come. Locks: the request.
    """
    with open_act("trials:request:call", by=by, at=at, site=request.site) as act:
        locked = _hold_open(request)
        # A person reads the time of the call from a clock without seconds.
        if not locked.received_at.replace(second=0, microsecond=0) <= called_at <= at:
            raise CalledTooLate(day=local_date(called_at, locked.site.time_zone).isoformat())
        attempt = RequestCall.objects.create(
            request=locked, site=locked.site, called_at=called_at, result=result, again_on=again_on, act=act
        )
        _remark(locked, remark, by, at)
        if locked.state == RequestState.NEW:
            _move(locked, RequestState.CALLED, act)
    return attempt


def _move(request: ContactRequest, to: RequestState, act: Any, **columns: Any) -> ContactRequest:
    for name, value in {**columns, "state": to, "act": act}.items():
        setattr(request, name, value)
    request.save(update_fields=[*columns, "state", "act"])
    return request


def _refuse_unless_spoken(request: ContactRequest) -> None:
    if not request.attempts.filter(result__in=(CallResult.REACHED, CallResult.LATER)).exists():
        raise NotSpokenYet(reference=request.reference)


def invite(*, request: ContactRequest, remark: str = "", by: User, at: datetime) -> ContactRequest:
    """The person is invited to the centre; screening begins when they come.

    Refuses: a closed request; one whose person nobody has spoken to. Locks: the request.
    """
    with open_act("trials:request:invite", by=by, at=at, site=request.site) as act:
        locked = _hold_open(request)
        _refuse_unless_spoken(locked)
        _remark(locked, remark, by, at)
        return _move(locked, RequestState.INVITED, act)


def close_request(
    *, request: ContactRequest, how: str, reason: str = "", remark: str = "", by: User, at: datetime
) -> ContactRequest:
    """The request is closed as not suitable (with a reason), declined or not reached; its identity is erased later.

    Refuses: a closed request; declined without a talk; not reached without an attempt. Locks: the request.
    """
    ending = RequestState(how)
    with open_act(f"trials:request:{ending.value}", by=by, at=at, site=request.site) as act:
        locked = _hold_open(request)
        if ending == RequestState.UNREACHED and not locked.attempts.exists():
            raise NotSpokenYet(reference=locked.reference)
        if ending == RequestState.DECLINED:
            _refuse_unless_spoken(locked)
        _remark(locked, remark, by, at)
        return _move(locked, ending, act, closed_at=at, reason=reason)


def screen(*, request: ContactRequest, by: User, at: datetime) -> Participant:
    """The person has a participant number; nothing of their identity goes with it (requirements E4).

    Refuses: as ``invite`` and ``register_participant`` do. Locks: the request, then the site.
    """
    with open_act("trials:request:screen", by=by, at=at, site=request.site) as act:
        locked = _hold_open(request)
        _refuse_unless_spoken(locked)
        participant = register_participant(site=locked.site, by=by, at=at, came_by_request=True)
        _move(locked, RequestState.SCREENED, act, closed_at=at, participant=participant)
    return participant

"""Erasing who sent a contact request: when its time has come, or when the person asks. The count stays."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from trials.models import ContactIdentity, ContactRequest, Site
from trials.models.requests import RequestState
from website.services.requests import only_of

ON_REQUEST, IN_TIME = "trials:request:erase", "trials:request:expire"
AT_THE_END = "trials:request:erase_at_end"


class ErasedAlready(Refusal):
    code = "website.erased_already"
    message = _("Who sent request {reference} was erased before. The receipt is on its page.")


def days_of(key: str) -> timedelta:
    """Return the number of days that the protocol text sets under ``key``."""
    return timedelta(days=int(str(load(settings.PROTOCOL_VERSION).setting(key))))


def erase_on_request(*, request: ContactRequest, by: User, at: datetime) -> ContactRequest:
    """Nothing says any more who sent the request, because the person asked for it; an open one is closed."""
    return _erase(request, ON_REQUEST, by, at)


def erase_by_ticket(*, site_code: str, reference: str, at: datetime) -> bool:
    """Nothing says any more who sent the request, whose sender pressed the button; say whether it was erased now.

    Of a request that was never kept, or was erased before, nothing is told. Locks: the request.
    """
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        site_id = Site.objects.filter(code=site_code).values_list("pk", flat=True).first()
    if site_id is None:
        return False
    with only_of(site_id), transaction.atomic():
        kept = (
            ContactRequest.objects.select_related("site")
            .select_for_update(of=("self",))
            .filter(reference=reference, erased_at=None)
            .first()
        )
        if kept is None:
            return False
        _erase(kept, ON_REQUEST, None, at)
    return True


def erase_in_time(*, request: ContactRequest, at: datetime) -> bool:
    """A request whose time has come is erased; say whether it was. One left open is closed as not reached."""
    with only_of(request.site_id), transaction.atomic():
        fresh = ContactRequest.objects.select_related("site").filter(pk=request.pk, erased_at=None).first()
        if fresh is None or not is_due(fresh, at=at):
            return False
        _erase(fresh, IN_TIME, None, at)
    return True


def erase_at_end(*, request: ContactRequest, reason: str, at: datetime) -> bool:
    """A closed request is erased before its time, because the trial asks nobody any more; say whether it was.

    An open one stays: somebody waits for a call. Refuses: nothing. Locks: the request.
    """
    with only_of(request.site_id), transaction.atomic():
        fresh = ContactRequest.objects.select_related("site").filter(pk=request.pk, erased_at=None).first()
        if fresh is None or fresh.is_open:
            return False
        _erase(fresh, AT_THE_END, None, at, reason=reason)
    return True


def is_due(request: ContactRequest, *, at: datetime) -> bool:
    """Say whether the identity has been kept as long as it may be."""
    if request.closed_at is not None:
        return request.closed_at + days_of("contact_erase_days") <= at
    return request.received_at + days_of("contact_erase_open_days") <= at


def _erase(
    request: ContactRequest, verb: str, by: User | None, at: datetime, *, reason: str = ""
) -> ContactRequest:
    with open_act(verb, by=by, at=at, site=request.site, reason=reason) as act:
        locked = ContactRequest.objects.lock(request.pk)
        if locked.erased_at is not None:
            raise ErasedAlready(reference=locked.reference)
        ContactIdentity.objects.filter(request=locked).delete()
        locked.erased_at, locked.act = at, act
        if locked.is_open:
            locked.closed_at = at
            locked.state = RequestState.ERASED if verb == ON_REQUEST else RequestState.UNREACHED
        locked.save(update_fields=["erased_at", "closed_at", "state", "act"])
    return locked


def erased_by(request: ContactRequest) -> date | None:
    """Return the day on which the identity of a closed request will be gone; None while it is open or erased."""
    if request.closed_at is None or request.erased_at is not None:
        return None
    return local_date(request.closed_at + days_of("contact_erase_days"), request.site.time_zone)


def receipt_of(request: ContactRequest) -> str:
    """Return the proof of the erasure: of what the receipt says, under the key of the trail.

    Nobody else can make it. The act is the last one that wrote the request.
    """
    erased_at = request.erased_at.isoformat() if request.erased_at else ""
    told = (
        request.reference,
        request.site.code,
        request.received_at.isoformat(),
        erased_at,
        str(request.act_id),
    )
    key: str = settings.PALACE3_TRAIL_KEY
    return hmac.new(key.encode(), "|".join(("erasure", *told)).encode(), hashlib.sha256).hexdigest()

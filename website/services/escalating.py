"""Telling the centre that somebody has waited too long for a call."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import Mail
from audit.acts import open_act
from kernel.clock import local_date
from protocol.text import load
from trials.holidays import works_on
from trials.models import ContactRequest
from trials.models.requests import RequestState
from website.contact.mails import LATE, escalate

ONE_DAY = timedelta(days=1)


def call_by(received_on: date) -> date:
    """Return the last working day on which the call is in time: public holidays do not count, make-up days do."""
    left = int(str(load(settings.PROTOCOL_VERSION).setting("contact_call_working_days")))
    day = received_on
    while left:
        day += ONE_DAY
        left -= works_on(day)
    return day


def is_late(request: ContactRequest, *, at: datetime) -> bool:
    """Say whether nobody has called although the last day for it is over at the site."""
    zone = request.site.time_zone
    return request.state == RequestState.NEW and local_date(at, zone) > call_by(
        local_date(request.received_at, zone)
    )


def escalate_late_requests(*, at: datetime) -> int:
    """The centre's people and the trial managers have a notice of each late request, once; return how many are new."""
    with transaction.atomic():
        waiting = ContactRequest.objects.filter(state=RequestState.NEW).select_related("site").order_by("pk")
        late = [request for request in waiting if is_late(request, at=at)]
        told = {
            reference
            for reference in (request.reference for request in late)
            if Mail.objects.filter(key__startswith=f"{LATE}:{reference}:").exists()
        }
        new = [request for request in late if request.reference not in told]
        for request in new:
            with open_act("trials:request:escalate", by=None, at=at, site=request.site):
                escalate(request, at=at)
    return len(new)

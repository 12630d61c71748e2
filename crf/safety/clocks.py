"""What runs and what is late among the safety clocks: for work lists, pages and notices (protocol 2.6).

Notices to a site read ``open_clocks``; people read the same rows through ``clocks_open_to``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from crf.links import form_url
from crf.models import ClockName, SafetyClock
from crf.safety.clock_rows import PREGNANCY_FORM, REPORT_FORM
from crf.store.records import NEW
from trials.models import Participant, Site

OF_THE_SITE = (ClockName.SAE_REPORT, ClockName.PREGNANCY)


@dataclass(frozen=True)
class OpenClock:
    """One clock that runs: what is due, about whom, since when, until when, and where it is met."""

    clock_id: int
    kind: str
    what: str
    site_id: int
    number: str
    subject: str
    starts_at: datetime
    due_at: datetime
    overdue: bool
    of_site: bool
    provisional: bool
    href: str


def open_clocks(site: Site, *, at: datetime) -> list[OpenClock]:
    """Return the clocks that run at ``site``, the next due first. ``what`` is in the language in force.

    ``of_site`` clocks are met by the site (report to the sponsor), the others by the sponsor.
    """
    rows = SafetyClock.objects.running().filter(site=site).select_related("participant")
    return [opened(clock, at=at) for clock in rows]


def clocks_open_to(user: User) -> Any:
    """Return the clocks that the person may watch, as a query set."""
    return SafetyClock.objects.open_to(user, Permission.SAFETY_VIEW).select_related("participant", "site")


def opened(clock: SafetyClock, *, at: datetime) -> OpenClock:
    """Return one clock as it is shown at ``at``; one that runs leads to what meets it."""
    number, of_site = clock.participant.number, clock.kind in OF_THE_SITE
    return OpenClock(
        clock_id=clock.pk,
        kind=clock.kind,
        what=str(clock.get_kind_display()),
        site_id=clock.site_id,
        number=number,
        subject=clock.subject,
        starts_at=clock.starts_at,
        due_at=clock.due_at,
        overdue=at > clock.due_at,
        of_site=of_site,
        provisional=bool(clock.provisional),
        href=form_url(number, REPORT_FORM, sequence=NEW)
        if clock.kind == ClockName.SAE_REPORT and not (clock.met_at or clock.ended_at)
        else reading_url(clock),
    )


def clocks_of_record(user: User, participant: Participant, form: str, number: int) -> Any:
    """Return the clocks of one serious event or one pregnancy that the person may watch, as a query set."""
    own = clocks_open_to(user).filter(participant=participant, event_no=number)
    about_pregnancy = Q(kind=ClockName.PREGNANCY)
    return own.filter(about_pregnancy if form == PREGNANCY_FORM else ~about_pregnancy)


def reading_url(clock: SafetyClock) -> str:
    """Return where whoever may watch the clock reads what it is about."""
    number = clock.participant.number
    if clock.kind == ClockName.PREGNANCY:
        return form_url(number, PREGNANCY_FORM, sequence=clock.event_no)
    return assessment_url(number, clock.event_no)


def assessment_url(number: str, event_no: int) -> str:
    """Return the page of one serious event, where the sponsor assesses it and others read."""
    return reverse("crf:assess", args=[number, event_no])

"""Sections about serious adverse events: clocks that run, events to assess."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf.models import ClockName, SafetyClock, SponsorAssessment
from crf.page.safety import lines_of
from crf.safety.clocks import OF_THE_SITE, clocks_open_to
from kernel.clock import local_date
from reports.worklist.sections import WorkItem, WorkListSection, first_and_total


def clocks(user: User, at: datetime) -> WorkListSection:
    """Return the clocks that run: a site's people see those that the site meets."""
    rows = clocks_open_to(user).running()
    if not user.may(Permission.SAFETY_ASSESS) and user.may(Permission.CRF_EDIT):
        rows = rows.filter(kind__in=OF_THE_SITE)
    shown, total = first_and_total(rows)
    items = [
        WorkItem(
            line.open.number,
            f"{line.open.what} · {line.open.subject}",
            line.open.href,
            "clock",
            line.state,
            local_date(line.clock.due_at, line.clock.site.time_zone),
            said=line.words,
        )
        for line in lines_of(shown, user=user, at=at)
    ]
    return WorkListSection(
        _("Safety clocks"), "clock", _("No safety clock is running."), items, total, reverse("crf:clocks")
    )


def to_assess(user: User, today: date) -> WorkListSection:
    """Return the serious events that the site reported and the sponsor has not judged yet."""
    judged = SponsorAssessment.objects.filter(
        participant=OuterRef("participant"), event_no=OuterRef("event_no")
    )
    reported = SafetyClock.objects.open_to(user, Permission.SAFETY_ASSESS).filter(
        ~Exists(judged), kind=ClockName.SAE_REPORT, met_at__isnull=False, ended_at=None
    )
    shown, total = first_and_total(reported.select_related("participant", "site").order_by("met_at", "pk"))
    items = [
        WorkItem(
            clock.participant.number,
            str(_("Assess the serious event AE #{event} for the sponsor")).format(event=clock.event_no),
            reverse("crf:assess", args=[clock.participant.number, clock.event_no]),
            when=local_date(clock.met_at, clock.site.time_zone),
            is_since=True,
        )
        for clock in shown
    ]
    return WorkListSection(
        _("Serious events to assess"),
        "shield-check",
        _("No serious event waits for the sponsor."),
        items,
        total,
    )

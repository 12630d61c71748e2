"""Sections about sites, contact requests and corrected strata."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from kernel.clock import local_date
from kernel.pagination import MOST, rows_and_count_in_one_pass
from randomization.allocation.strata import beside_staging, to_mark
from randomization.models import Allocation
from reports.worklist.sections import SHOWN, WorkItem, WorkListSection, first_and_total
from trials.models import ChecklistItem, ContactRequest, Delegation, Site
from trials.models.requests import RequestState
from trials.models.sites import SiteState
from trials.training import gaps_among
from website.services.escalating import call_by

EXPIRES_SOON: Final = timedelta(days=60)


def sites(user: User, today: date) -> WorkListSection:
    """Return the approvals that expire soon and the sites that are not open yet."""
    rows = (
        ChecklistItem.objects.open_to(user, Permission.SITE_MANAGE)
        .filter(expires_on__lte=today + EXPIRES_SOON)
        .select_related("site")
        .order_by("expires_on", "pk")
    )
    shown, total = first_and_total(rows)
    items = [
        WorkItem(item.site.code, str(item), item.site.get_absolute_url(), when=item.expires_on)
        for item in shown
    ]
    opening = Site.objects.open_to(user, Permission.SITE_MANAGE).filter(
        state__in=(SiteState.PLANNED, SiteState.SET_UP)
    )
    items += [
        WorkItem(site.code, site.local_name, site.get_absolute_url(), "site", site.state) for site in opening
    ]
    return WorkListSection(
        _("Sites: approvals that expire, sites to open"),
        "hospital",
        _("No approval expires within 60 days and every site is open."),
        items,
        total + len(opening),
        reverse("trials:sites"),
    )


def training(user: User, today: date) -> WorkListSection:
    """Return who works at a site with training for another version, or that has ended."""
    gaps = gaps_among(Delegation.objects.open_to(user, Permission.PERSON_DELEGATE), on=today)
    items = [
        WorkItem(
            gap.site.code,
            f"{gap.user}: {gap.why}",
            reverse("trials:change-person", args=[gap.user.username]),
            when=gap.grace,
        )
        for gap in gaps[:SHOWN]
    ]
    nothing = _("Everybody is trained for the version that their site follows.")
    where = f"{reverse('trials:people')}#training"
    return WorkListSection(_("Training to renew"), "journal-check", nothing, items, len(gaps), where)


def contact_requests(user: User, today: date) -> WorkListSection:
    """Return who asked for a call and waits for it."""
    rows = (
        ContactRequest.objects.open_to(user, Permission.CONTACT_HANDLE)
        .waiting()
        .select_related("site")
        .order_by("received_at", "pk")
    )
    shown, total = first_and_total(rows)
    items = [
        WorkItem(
            asked.reference,
            str(
                _("Call requested") if asked.state == RequestState.NEW else _("Follow up the contact request")
            ),
            asked.get_absolute_url(),
            "request",
            asked.state,
            call_by(local_date(asked.received_at, asked.site.time_zone))
            if asked.state == RequestState.NEW
            else None,
        )
        for asked in shown
    ]
    nothing = _("Nobody waits for a call.")
    return WorkListSection(
        _("Contact requests"), "telephone", nothing, items, total, reverse("trials:requests")
    )


def strata(user: User, today: date) -> WorkListSection:
    """Strata that the staging form contradicts since randomization, until the register of errors says so too."""
    seen = Allocation.objects.open_to(user, Permission.ALLOCATION_CORRECT)
    # By their keys first: with an order and eight rows asked for, the database tries the allocations one by one.
    marked = to_mark(seen).order_by().values("pk")[: MOST + 1]
    rows = beside_staging(seen.filter(pk__in=marked)).select_related("participant")
    shown, total = rows_and_count_in_one_pass(rows.order_by("randomized_at", "pk"), SHOWN)
    said = str(_("Stage group {used} at randomization, {now} by form STAGE: mark the error"))
    items = [
        WorkItem(
            row.participant.number,
            said.format(used=row.strat_stage, now=row.stage_corrected),
            reverse("randomization:record-error", args=[row.participant.number]),
        )
        for row in shown
    ]
    where = reverse("randomization:strata")
    return WorkListSection(
        _("Corrected strata"),
        "shuffle",
        _("No corrected stratum waits to be marked."),
        items,
        total,
        where,
    )

"""Who is reminded of what: one row for each visit, kind and person (protocol 2.6; design.md, 8)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import override

from accounts.models import Mail, User
from accounts.permissions import Role
from accounts.services import write_mail
from audit.acts import act
from followup.digests import SILENT, WANTED_STATES, subject_of, text_of
from followup.models import Reminder, ReminderKind, Visit
from followup.services.rolling import SWEEPS, met_on
from trials.models import Delegation, Site

DIGEST = "followup:digest"
WEEK = timedelta(days=7)
ESCALATES_AFTER = timedelta(days=14)
LOOKED_BACK = timedelta(days=14)
MONTH_36 = "OS36"

LADDER: dict[ReminderKind, frozenset[Role]] = {
    ReminderKind.OPEN: frozenset({Role.COORDINATOR}),
    ReminderKind.VITAL: frozenset({Role.COORDINATOR}),
    ReminderKind.CLOSING: frozenset({Role.COORDINATOR}),
    ReminderKind.OVERDUE: frozenset({Role.COORDINATOR, Role.INVESTIGATOR}),
    ReminderKind.ESCALATED: frozenset({Role.INVESTIGATOR, Role.TRIAL_MANAGER}),
}


def remind_site(*, site: Site, on: date, at: datetime) -> int:
    """Whoever looks after the site has its digest of the day in the outbox; say how many were written.

    A visit is named once to each person for each kind, on whichever day that falls; a second run of
    the same day writes nothing, two at once wait for each other.
    """
    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        wanted = {user: rows for user, rows in _wanted(site, on).items() if rows}
        if not wanted:
            return 0
        with act("followup:reminders:write", by=None, at=at, site=site) as written:
            for user, rows in wanted.items():
                _write_digest(site, user, rows, on, at, written)
    return len(wanted)


def _wanted(site: Site, on: date) -> dict[User, list[Reminder]]:
    people = people_of(site, on)
    keys = [_key(site, user, on) for user in people]
    served = set(Mail.objects.filter(key__in=keys).values_list("to", flat=True))
    wanted: dict[User, list[Reminder]] = {user: [] for user in people if user.pk not in served}
    for kind, told in LADDER.items():
        visits = [visit for visit in candidates(site, kind, on) if not _is_needless(visit)]
        before = (
            set(Reminder.objects.filter(visit__in=visits, kind=kind).values_list("visit", "to"))
            if visits
            else set()
        )
        for user, rows in wanted.items():
            if told & people[user]:
                rows += [
                    Reminder(
                        visit=visit, participant=visit.participant, site=site, kind=kind, to=user, for_day=on
                    )
                    for visit in visits
                    if (visit.pk, user.pk) not in before
                ]
    return wanted


def _is_needless(visit: Visit) -> bool:
    """Say whether nobody needs to ask, because the participant was met near the sweep (protocol 2.2)."""
    return visit.code.startswith(SWEEPS) and met_on(visit) is not None


def people_of(site: Site, on: date) -> dict[User, set[Role]]:
    """Return who looks after the site on the day, with their roles: its own people and the trial managers."""
    here = Q(site=site, role__in=(Role.COORDINATOR, Role.INVESTIGATOR))
    central = Q(site=None, role=Role.TRIAL_MANAGER)
    held = Delegation.objects.in_force(on=on).filter(here | central, user__is_active=True)
    people: dict[User, set[Role]] = {}
    for delegation in held.select_related("user").order_by("user_id"):
        people.setdefault(delegation.user, set()).add(Role(delegation.role))
    return people


def candidates(site: Site, kind: ReminderKind, on: date) -> QuerySet[Visit]:
    """Return the visits that somebody is to be reminded of with ``kind`` on the day.

    Each kind looks at a few weeks of the calendar only: the cost follows what changes, not what exists.
    """
    vital = Q(code__startswith=SWEEPS) | Q(code=MONTH_36)
    days: dict[ReminderKind, Q] = {
        ReminderKind.OPEN: Q(opens__range=(on - LOOKED_BACK, on)) & ~vital,
        ReminderKind.VITAL: Q(opens__range=(on - LOOKED_BACK, on)) & vital,
        ReminderKind.CLOSING: Q(closes__range=(on, on + WEEK), opens__lt=F("closes") - WEEK),
        ReminderKind.OVERDUE: Q(closes__range=(on - ESCALATES_AFTER, on - timedelta(1))),
        ReminderKind.ESCALATED: Q(
            closes__range=(on - ESCALATES_AFTER - LOOKED_BACK, on - ESCALATES_AFTER - timedelta(1))
        ),
    }
    found = Visit.objects.filter(days[kind], site=site, state__in=WANTED_STATES[kind])
    found = found.exclude(participant__state__in=SILENT)
    return found.select_related("participant__site").order_by("closes", "pk")


def _write_digest(site: Site, user: User, rows: list[Reminder], on: date, at: datetime, written: Any) -> None:
    with override(user.language):
        mail = user.email and write_mail(
            to=user,
            address=user.email,
            kind=DIGEST,
            key=_key(site, user, on),
            subject=subject_of(site, rows),
            body=text_of(site, rows, on),
            language=user.language,
            site=site,
            at=at,
        )
    for row in rows:
        row.mail, row.act = mail or None, written
    Reminder.objects.bulk_create(rows)


def _key(site: Site, user: User, on: date) -> str:
    return f"{DIGEST}:{site.code}:{user.pk}:{on.isoformat()}"

"""Who is reminded of what: one row for each window of a visit, kind and person (protocol 2.6; architecture 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import override

from accounts.models import Mail, User
from accounts.permissions import Role
from accounts.services import write_mail
from audit.acts import open_act
from followup.history import DUE_BEFORE_CLOSING, SWEEPS, whole_number
from followup.models import Reminder, ReminderKind, Visit
from followup.services.rolling import met_near
from notices.digest_text import SILENT, WANTED_STATES, subject_of, text_of
from notices.preferences import DigestTimes, choices_of, local_hour
from protocol.text import load
from trials.models import Delegation, Site

DIGEST = "followup:digest"
LOOKED_BACK = timedelta(days=14)
MONTH_36 = "OS36"


@dataclass(frozen=True, slots=True)
class ReminderDays:
    """How long before its window closes a visit is called for, and how long after it is escalated."""

    closing: timedelta
    escalated: timedelta


def reminder_days(site: Site) -> ReminderDays:
    """Return the days of the protocol text in force at the site."""
    text = load(site.protocol_version)
    return ReminderDays(
        closing=timedelta(days=whole_number(text, DUE_BEFORE_CLOSING)),
        escalated=timedelta(days=whole_number(text, "visit_escalates_days")),
    )


RECIPIENTS: dict[ReminderKind, frozenset[Role]] = {
    ReminderKind.OPEN: frozenset({Role.COORDINATOR}),
    ReminderKind.VITAL: frozenset({Role.COORDINATOR}),
    ReminderKind.CLOSING: frozenset({Role.COORDINATOR}),
    ReminderKind.OVERDUE: frozenset({Role.COORDINATOR, Role.INVESTIGATOR}),
    ReminderKind.ESCALATED: frozenset({Role.INVESTIGATOR, Role.TRIAL_MANAGER}),
}


def remind_site(*, site: Site, on: date, at: datetime) -> int:
    """Whoever looks after the site has its digest of the day in the outbox; say how many were written.

    A window of a visit is named once to each person for each kind, on whichever day that falls; a visit that moves
    is named anew. A second run of the same day writes nothing, two at once wait for each other.

    Locks: the site.
    """
    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        wanted = {user: rows for user, rows in _wanted(site, on, at).items() if rows}
        if not wanted:
            return 0
        digests = DigestTimes(wanted, site.time_zone, at=at)
        with open_act("followup:reminders:write", by=None, at=at, site=site) as act:
            for user, rows in wanted.items():
                _write_digest(site, user, rows, on, at, act, digests)
    return len(wanted)


def _wanted(site: Site, on: date, at: datetime) -> dict[User, list[Reminder]]:
    people = people_of(site, on)
    keys = [_key(site, user, on) for user in people]
    served = set(Mail.objects.filter(key__in=keys).values_list("to", flat=True))
    choices = choices_of(people)
    hour = local_hour(at, site)
    waiting = [user for user in people if user.pk not in served and choices[user.pk].from_hour <= hour]
    if not waiting:
        return {}
    named = _asked(site, on)
    told = _told_already(named)
    wanted: dict[User, list[Reminder]] = {user: [] for user in waiting}
    for kind, visit in named:
        for user, rows in wanted.items():
            is_told = (visit.pk, kind, user.pk) in told
            if RECIPIENTS[kind] & people[user] and not is_told and choices[user.pk].wants(kind):
                rows.append(_reminder(visit, kind, user, on))
    return wanted


def _reminder(visit: Visit, kind: ReminderKind, user: User, on: date) -> Reminder:
    about = {"visit": visit, "participant": visit.participant, "site_id": visit.site_id}
    return Reminder(**about, kind=kind, to=user, for_day=on, opens=visit.opens, closes=visit.closes)


def _told_already(named: list[tuple[ReminderKind, Visit]]) -> set[tuple[int, str, int]]:
    """Return visit, kind and person of each reminder of the window that the visit has now."""
    visits = {visit.pk for _kind, visit in named}
    of_this_window = Q(opens=F("visit__opens"), closes=F("visit__closes")) | Q(opens=None, closes=None)
    told = Reminder.objects.filter(of_this_window, visit__in=visits)
    return set(told.values_list("visit", "kind", "to")) if visits else set()


def _asked(site: Site, on: date) -> list[tuple[ReminderKind, Visit]]:
    """Return each visit with the kind for which somebody is to be reminded; no sweep that nobody needs."""
    days = reminder_days(site)
    visits = list(candidates(site, on, days))
    needless = met_near([visit for visit in visits if visit.code.startswith(SWEEPS)])
    return [
        (kind, visit)
        for kind in RECIPIENTS
        for visit in visits
        if visit.pk not in needless
        and visit.state in WANTED_STATES[kind]
        and _calls_for(kind, visit, on, days)
    ]


def _calls_for(kind: ReminderKind, visit: Visit, on: date, days: ReminderDays) -> bool:
    """Say whether the day is one on which ``kind`` names the visit, or one after it without a worker."""
    opens, closes = visit.opens or date.max, visit.closes or date.max
    if kind in (ReminderKind.OPEN, ReminderKind.VITAL):
        is_vital = visit.code.startswith(SWEEPS) or visit.code == MONTH_36
        return is_vital == (kind == ReminderKind.VITAL) and on - LOOKED_BACK <= opens <= on
    if kind == ReminderKind.CLOSING:
        return on <= closes <= on + days.closing and opens < closes - days.closing
    if kind == ReminderKind.OVERDUE:
        return on - days.escalated <= closes < on
    return on - days.escalated - LOOKED_BACK <= closes < on - days.escalated


def people_of(site: Site, on: date) -> dict[User, set[Role]]:
    """Return who looks after the site on the day, with their roles: its own people and the trial managers."""
    here = Q(site=site, role__in=(Role.COORDINATOR, Role.INVESTIGATOR))
    central = Q(site=None, role=Role.TRIAL_MANAGER)
    delegations = Delegation.objects.in_force(on=on).filter(here | central, user__is_active=True)
    people: dict[User, set[Role]] = {}
    for delegation in delegations.select_related("user").order_by("user_id"):
        people.setdefault(delegation.user, set()).add(Role(delegation.role))
    return people


def candidates(site: Site, on: date, days: ReminderDays) -> QuerySet[Visit]:
    """Return the visits of the site that any kind could name on the day, the most urgent first.

    Only a few weeks of the calendar are read: the cost follows what changes, not what exists.
    """
    near = Q(opens__range=(on - LOOKED_BACK, on)) | Q(
        closes__range=(on - days.escalated - LOOKED_BACK, on + days.closing)
    )
    states = {state for wanted in WANTED_STATES.values() for state in wanted}
    visits = Visit.objects.filter(near, site=site, state__in=states)
    visits = visits.exclude(participant__state__in=SILENT)
    return visits.select_related("participant__site").order_by("closes", "pk")


def _write_digest(
    site: Site, user: User, rows: list[Reminder], on: date, at: datetime, act: Any, digests: DigestTimes
) -> None:
    with override(user.language):
        mail = user.email and write_mail(
            to=user,
            address=user.email,
            kind=DIGEST,
            key=_key(site, user, on),
            subject=subject_of(site, rows),
            body=text_of(site, rows, on, at=at),
            language=user.language,
            site=site,
            at=at,
            digest_at=digests.of(user),
        )
    for row in rows:
        row.mail, row.act = mail or None, act
    Reminder.objects.bulk_create(rows)


def _key(site: Site, user: User, on: date) -> str:
    return f"{DIGEST}:{site.code}:{user.pk}:{on.isoformat()}"

"""What waits too long is escalated: one row for each alert, level and person (architecture 8)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import override

from accounts.models import User
from accounts.permissions import Role
from accounts.services import write_mail
from audit.acts import open_act
from followup.models import Escalation
from notices.alerts import Alert
from notices.escalation_text import ESCALATION, subject_of, text_of
from notices.preferences import DigestTimes, choices_of, local_hour
from notices.sources import alerts_at
from trials.models import Delegation, Site

AlertsByUser = dict[User, list[Alert]]


def escalate_site(*, site: Site, on: date, at: datetime) -> int:
    """Whoever is to know of an alert at the site has it in the outbox; say how many messages were new.

    Each level of an alert is told once to each person, however often this runs, and again when the alert counts
    from another day; two runs at once wait for each other. Urgent alerts go at any hour, the others from the hour
    that the person chose.

    Locks: the site.
    """
    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        wanted = _not_yet_told(site, alerts_at(site, on=on, at=at), on, at)
        if not wanted:
            return 0
        with open_act("followup:escalations:write", by=None, at=at, site=site) as act:
            mails = [(user, alerts) for user, told in wanted.items() for alerts in _each_mail(told)]
            digests = DigestTimes(wanted, site.time_zone, at=at)
            for user, alerts in mails:
                _write(site, user, alerts, on, at, act, digests)
    return len(mails)


def _each_mail(alerts: list[Alert]) -> list[list[Alert]]:
    """Return what one person is told, mail by mail: each clock that runs alone, what is urgent, what may wait."""
    apart = [[alert] for alert in alerts if alert.due_at]
    urgent = [alert for alert in alerts if alert.urgent and not alert.due_at]
    others = [alert for alert in alerts if not alert.urgent and not alert.due_at]
    return [*apart, *(together for together in (urgent, others) if together)]


def _not_yet_told(site: Site, alerts: list[Alert], on: date, at: datetime) -> AlertsByUser:
    if not alerts:
        return {}
    people = everybody_at(site, on)
    choices, hour = choices_of(people), local_hour(at, site)
    rows = Escalation.objects.filter(site=site, key__in={alert.key for alert in alerts})
    before = set(rows.values_list("kind", "key", "stage", "to", "alert_day"))
    wanted: AlertsByUser = {}
    for user, roles in people.items():
        for alert in alerts:
            is_for = alert.person == user.pk or alert.recipients & roles
            is_time = alert.urgent or hour >= choices[user.pk].from_hour
            told = {(alert.kind, alert.key, alert.level, user.pk, day) for day in (alert.day, None)}
            if is_for and is_time and not told & before:
                wanted.setdefault(user, []).append(alert)
    return wanted


def everybody_at(site: Site, on: date) -> dict[User, set[Role]]:
    """Return who works for the site on the day, its own people and the central ones, with their roles."""
    delegations = Delegation.objects.in_force(on=on).filter(Q(site=site) | Q(site=None), user__is_active=True)
    people: dict[User, set[Role]] = {}
    for delegation in delegations.select_related("user").order_by("user_id"):
        people.setdefault(delegation.user, set()).add(Role(delegation.role))
    return people


def _key(site: Site, user: User, alerts: list[Alert], at: datetime) -> str:
    clock = f":{alerts[0].kind}:{alerts[0].key}" if alerts[0].due_at or alerts[0].urgent else ""
    return f"{ESCALATION}:{site.code}:{user.pk}:{at:%Y%m%d%H%M%S}{clock}"


def _write(
    site: Site, user: User, alerts: list[Alert], on: date, at: datetime, act: Any, digests: DigestTimes
) -> None:
    may_wait = not (alerts[0].due_at or alerts[0].urgent)
    with override(user.language):
        mail = user.email and write_mail(
            to=user,
            address=user.email,
            kind=ESCALATION,
            key=_key(site, user, alerts, at),
            subject=subject_of(site, alerts, at=at),
            body=text_of(site, alerts, is_alone=not may_wait, at=at),
            language=user.language,
            site=site,
            at=at,
            digest_at=digests.of(user) if may_wait else None,
        )
    Escalation.objects.bulk_create(
        Escalation(
            site=site,
            participant=alert.participant,
            kind=alert.kind,
            key=alert.key,
            alert_day=alert.day,
            stage=alert.level,
            to=user,
            for_day=on,
            mail=mail or None,
            act=act,
        )
        for alert in alerts
    )

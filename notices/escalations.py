"""What waits too long is told up the ladder: one row for each matter, stage and person (architecture 8)."""

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
from notices.escalation_text import ESCALATION, subject_of, text_of
from notices.preferences import choices_of, local_hour
from notices.sources import Matter, matters_at
from trials.models import Delegation, Site

Told = dict[User, list[Matter]]


def escalate_site(*, site: Site, on: date, at: datetime) -> int:
    """Whoever is to know of a matter at the site has it in the outbox; say how many messages were new.

    Each stage of a matter is told once to each person, however often this runs; two runs at once wait
    for each other. Urgent matters go at any hour, the others from the hour that the person chose.
    """
    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        wanted = _untold(site, matters_at(site, on=on, at=at), on, at)
        if not wanted:
            return 0
        with open_act("followup:escalations:write", by=None, at=at, site=site) as act:
            for user, matters in wanted.items():
                _write(site, user, matters, on, at, act)
    return len(wanted)


def _untold(site: Site, matters: list[Matter], on: date, at: datetime) -> Told:
    if not matters:
        return {}
    people = everybody_at(site, on)
    choices, hour = choices_of(people), local_hour(at, site)
    rows = Escalation.objects.filter(site=site, key__in={matter.key for matter in matters})
    before = set(rows.values_list("kind", "key", "stage", "to"))
    wanted: Told = {}
    for user, roles in people.items():
        for matter in matters:
            is_for = matter.person == user.pk or matter.told & roles
            is_time = matter.urgent or hour >= choices[user.pk].from_hour
            if is_for and is_time and (matter.kind, matter.key, matter.stage, user.pk) not in before:
                wanted.setdefault(user, []).append(matter)
    return wanted


def everybody_at(site: Site, on: date) -> dict[User, set[Role]]:
    """Return who works for the site on the day, its own people and the central ones, with their roles."""
    held = Delegation.objects.in_force(on=on).filter(Q(site=site) | Q(site=None), user__is_active=True)
    people: dict[User, set[Role]] = {}
    for delegation in held.select_related("user").order_by("user_id"):
        people.setdefault(delegation.user, set()).add(Role(delegation.role))
    return people


def _write(site: Site, user: User, matters: list[Matter], on: date, at: datetime, act: Any) -> None:
    with override(user.language):
        mail = user.email and write_mail(
            to=user,
            address=user.email,
            kind=ESCALATION,
            key=f"{ESCALATION}:{site.code}:{user.pk}:{at:%Y%m%d%H%M%S}",
            subject=subject_of(site, matters),
            body=text_of(matters),
            language=user.language,
            site=site,
            at=at,
        )
    Escalation.objects.bulk_create(
        Escalation(
            site=site,
            participant=matter.participant,
            kind=matter.kind,
            key=matter.key,
            stage=matter.stage,
            to=user,
            for_day=on,
            mail=mail or None,
            act=act,
        )
        for matter in matters
    )

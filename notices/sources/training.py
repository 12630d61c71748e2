"""Training that ends or is for another version: the person themselves and the trial managers are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Role
from followup.models import AlertKind
from kernel.days import written
from notices.alerts import Alert, level_after
from protocol.text import load
from trials.models import Delegation, Site
from trials.training import TrainingGap, ends_on, gap_of, opened_days

# Two months, one month and one week before it ends, and when it has ended.
WARNED_AT: Final = (60, 30, 7, -1)


def training(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Training that ends, of everybody who works at the site."""
    text = load(site.protocol_version)
    opened_on = opened_days([site]).get(site.pk)
    delegations = (
        Delegation.objects.in_force(on=on).filter(site=site, user__is_active=True).select_related("user")
    )
    people = {delegation.user_id: delegation.user for delegation in delegations.order_by("user_id")}
    for user in people.values():
        gap = gap_of(user, site, opened_on=opened_on, on=on)
        if gap and gap.version:
            yield _for_another_version(gap, on)
            continue
        until = ends_on(user, text)
        if until is None:
            continue
        left = (until - on).days
        level = level_after(-left, tuple(-days for days in WARNED_AT))
        if level is not None:
            yield Alert(
                kind=AlertKind.TRAINING,
                key=f"{user.pk}:{until.isoformat()}",
                day=until,
                text=_text_of(user, until, on),
                level=level,
                recipients=frozenset({Role.TRIAL_MANAGER}),
                person=user.pk,
            )


def _for_another_version(gap: TrainingGap, on: date) -> Alert:
    return Alert(
        kind=AlertKind.TRAINING,
        key=f"{gap.user.pk}:{gap.site.code}:{gap.version}",
        day=gap.since,
        text=lambda: f"{gap.user.display_name}: {gap.why}",
        level=int(gap.is_over(on)),
        recipients=frozenset({Role.TRIAL_MANAGER}),
        person=gap.user.pk,
    )


def _text_of(user: User, until: date, on: date) -> Callable[[], str]:
    def text() -> str:
        values = {"person": user.display_name, "day": written(until)}
        if until < on:
            return _("training of %(person)s ended on %(day)s: train again, then record it") % values
        return _("training of %(person)s ends on %(day)s") % values

    return text

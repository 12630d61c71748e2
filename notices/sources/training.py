"""Training that ends: the person themselves and the trial managers are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Role
from followup.history import whole_number
from followup.models import AlertKind
from kernel.days import written
from notices.alerts import Alert, level_after
from protocol.text import load
from protocol.windows import add_months
from trials.models import Delegation, Site

# Two months, one month and one week before it ends, and when it has ended.
WARNED_AT: Final = (60, 30, 7, -1)


def training(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Training that ends, of everybody who works at the site."""
    months = whole_number(load(site.protocol_version), "training_valid_months")
    delegations = (
        Delegation.objects.in_force(on=on).filter(site=site, user__is_active=True).select_related("user")
    )
    people = {delegation.user_id: delegation.user for delegation in delegations.order_by("user_id")}
    for user in people.values():
        if user.trained_on is None:
            continue
        until = add_months(user.trained_on, months)
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


def _text_of(user: User, until: date, on: date) -> Callable[[], str]:
    def text() -> str:
        values = {"person": user.display_name, "day": written(until)}
        if until < on:
            return _("training of %(person)s ended on %(day)s: train again, then record it") % values
        return _("training of %(person)s ends on %(day)s") % values

    return text

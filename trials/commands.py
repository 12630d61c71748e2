"""Who a command acts for, and which day it is in the trial: asked alike by every command."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.core.management.base import CommandError

from accounts.models import User
from kernel.clock import local_date
from trials.models.people import with_grants


def trial_day(now: datetime) -> date:
    """Return the day by the calendar of the trial."""
    return local_date(now, settings.TRIAL_TIME_ZONE)


def person_named(name: str, now: datetime) -> User:
    """Return the active account with the rights that it has today; a command says so where there is none."""
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no account {name}.")
    return with_grants(user, on=trial_day(now))

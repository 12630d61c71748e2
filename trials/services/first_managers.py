"""The first trial managers of a new installation: nobody is there yet who could grant or confirm their role."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Role
from accounts.services import create_person, set_password
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.turns import wait_for_turn
from trials.models import Delegation
from trials.services.delegations import delegate

FIRST = 2
"""What one person grants, a second one confirms: two trial managers can let in everybody else."""


class ManagersExist(Refusal):
    code = "trials.managers_exist"
    message = _(
        "The trial has its first trial managers. A further one is entered on the page People: a trial manager grants "
        "the role, another one confirms it."
    )


def create_first_manager(
    *,
    username: str,
    display_name: str,
    email: str,
    language: str,
    password: str,
    trained_on: date,
    identity_checked_on: date,
    at: datetime,
) -> tuple[User, bool]:
    """The person is a trial manager, and changes the password at the first sign-in; say whether that is new.

    Whoever is one already stays as they are.
    Refuses: while two can sign in already; a name that was ever used; a weak password; days to come.
    Locks: the creation of first managers, so that two at once are counted one after the other; then the person.
    """
    with open_act("trials:manager:create", by=None, at=at):
        wait_for_turn("trials first managers")
        today = local_date(at, settings.TRIAL_TIME_ZONE)
        managers = trial_managers(today)
        if username.lower() in managers:
            return managers[username.lower()], False
        if len(managers) >= FIRST:
            raise ManagersExist
        user = create_person(
            username=username,
            display_name=display_name,
            email=email,
            language=language,
            trained_on=trained_on,
            identity_checked_on=identity_checked_on,
            by=None,
            at=at,
        )
        set_password(user=user, password=password, by=None, at=at)
        delegate(user=user, role=Role.TRIAL_MANAGER, site=None, starts_on=today, by=None, at=at)
    return user, True


def trial_managers(today: date) -> dict[str, User]:
    """Return the trial managers who can sign in today, by user name in small letters."""
    rows = Delegation.objects.filter(role=Role.TRIAL_MANAGER, user__is_active=True)
    delegations = rows.in_force(on=today).select_related("user")
    return {each.user.username.lower(): each.user for each in delegations}

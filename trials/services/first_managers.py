"""The first trial managers of a new installation: nobody is there yet who could grant or confirm their role."""

from __future__ import annotations

from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class NewManager:
    """Who is to be a trial manager, and what is on record of them before."""

    username: str
    display_name: str
    email: str
    language: str
    trained_on: date
    identity_checked_on: date


class ManagersExist(Refusal):
    code = "trials.managers_exist"
    message = _(
        "The trial has its first trial managers. A further one is entered on the page People: a trial manager grants "
        "the role, another one confirms it."
    )


class AdministratorExists(Refusal):
    code = "trials.administrator_exists"
    message = _(
        "The trial has a trial manager, {name}, who lets in everybody else on the page People. The second one is made "
        "with manage.py create_trial_manager; an account that is lost is opened with manage.py break_glass."
    )
    status = 409


def create_administrator(*, person: NewManager, at: datetime) -> User:
    """The first person of the installation is a trial manager without a password, which they choose by a link.

    Who has not chosen one yet may be given another link. Refuses: while anybody is a trial manager; a name that was
    ever used; days to come. Locks: as ``create_first_manager``.
    """
    with open_act("trials:administrator:create", by=None, at=at):
        wait_for_turn("trials first managers")
        today = local_date(at, settings.TRIAL_TIME_ZONE)
        managers = trial_managers(today)
        if not managers:
            return _let_in(person, today=today, at=at)
        (name, user), *others = managers.items()
        if others or name != person.username.lower() or user.has_usable_password():
            raise AdministratorExists(name=user.username)
        return user


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
    person = NewManager(username, display_name, email, language, trained_on, identity_checked_on)
    with open_act("trials:manager:create", by=None, at=at):
        wait_for_turn("trials first managers")
        today = local_date(at, settings.TRIAL_TIME_ZONE)
        managers = trial_managers(today)
        if username.lower() in managers:
            return managers[username.lower()], False
        if len(managers) >= FIRST:
            raise ManagersExist
        user = _let_in(person, today=today, at=at)
        set_password(user=user, password=password, by=None, at=at)
    return user, True


def trial_managers(today: date) -> dict[str, User]:
    """Return the trial managers who can sign in today, by user name in small letters."""
    rows = Delegation.objects.filter(role=Role.TRIAL_MANAGER, user__is_active=True)
    delegations = rows.in_force(on=today).select_related("user")
    return {each.user.username.lower(): each.user for each in delegations}


def _let_in(person: NewManager, *, today: date, at: datetime) -> User:
    user = create_person(**asdict(person), by=None, at=at)
    delegate(user=user, role=Role.TRIAL_MANAGER, site=None, starts_on=today, by=None, at=at)
    return user

"""Where no trial manager can sign in any more: two people together give one of them access again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import NO_FACTOR, change_person, set_password, sign_in, write_mail
from audit.acts import current_act, open_act, record_act
from kernel.clock import local_date
from kernel.errors import Refusal
from trials.models import Delegation
from trials.models.people import with_grants
from trials.services.first_managers import trial_managers


class NoSuchManager(Refusal):
    code = "trials.no_such_manager"
    message = _("{username} is no trial manager. The glass is broken for a trial manager only.")
    status = 422


class WitnessesUnfit(Refusal):
    code = "trials.witnesses_unfit"
    message = _(
        "Two different people of the trial, neither of them {username}, sign in here with password and code. "
        "Nothing was changed."
    )
    status = 422


class ReasonForBreaking(Refusal):
    code = "trials.reason_for_breaking"
    message = _("Say why no trial manager can sign in. It stays on record.")
    status = 422


@dataclass(frozen=True)
class Witness:
    """One of the two who stand at the server, as they sign in there."""

    username: str
    password: str
    code: str = ""


def break_glass(
    *, username: str, witnesses: tuple[Witness, Witness], password: str, reason: str, at: datetime
) -> User:
    """The trial manager has a new first password and sets up the second factor anew; all trial managers are told.

    Refuses: who is no trial manager; two who are one, the same person, or do not sign in; no reason. Locks: the people.
    """
    if not reason.strip():
        raise ReasonForBreaking
    with transaction.atomic():
        managers = trial_managers(local_date(at, settings.TRIAL_TIME_ZONE))
    if username.lower() not in managers:
        raise NoSuchManager(username=username)
    first, second = (_known(witness, at) for witness in witnesses)
    if first is None or second is None or len({first.pk, second.pk, managers[username.lower()].pk}) < 3:
        raise WitnessesUnfit(username=username)
    user = managers[username.lower()]
    with open_act("trials:account:break_glass", by=first, at=at, reason=reason):
        record_act("trials:account:witness", by=second, at=at)
        set_password(user=user, password=password, by=None, at=at)
        change_person(user=user, by=None, at=at, verb="drop_second_factor", **NO_FACTOR)
        for manager in managers.values():
            _tell(manager, user, (first, second), reason, at)
    return user


def _known(witness: Witness, at: datetime) -> User | None:
    """Return who signs in at the server, if they hold a role today; a failure is counted as on the page."""
    user = sign_in(username=witness.username, password=witness.password, code=witness.code, at=at)
    if user is None:
        return None
    with transaction.atomic():
        today = local_date(at, settings.TRIAL_TIME_ZONE)
        holds = Delegation.objects.filter(user=user).in_force(on=today).exists()
        return with_grants(user, on=today) if holds else None


def _tell(manager: User, user: User, witnesses: tuple[User, User], reason: str, at: datetime) -> None:
    with override(manager.language):
        write_mail(
            to=manager,
            address=manager.email,
            kind="trials.break_glass",
            key=f"break-glass-{current_act().pk}-{manager.pk}",
            subject=gettext("PALACE-3: an account was opened at the server"),
            body=gettext(
                "%(first)s and %(second)s have given %(user)s a new first password at the server. Reason: %(reason)s\n"
                "If you did not know of it, telephone the sponsor's trial office."
            )
            % {"first": witnesses[0], "second": witnesses[1], "user": user, "reason": reason},
            language=manager.language,
            site=None,
            at=at,
        )

"""People of a file have their accounts, roles and invitations, after everybody was shown line by line."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import ROLE_LABELS, Permission, Role
from accounts.services import create_person
from audit.acts import open_act
from kernel.errors import Forbidden, Refusal
from trials.models import Delegation, Site
from trials.services.delegations import delegate
from trials.services.people import invite_person


class AnotherPerson(Refusal):
    code = "trials.another_person"
    message = _("The user name {username} belongs to an account with another name or e-mail address.")


class AccountClosed(Refusal):
    code = "trials.account_closed"
    message = _("The account {username} is closed, and its name is never given to anybody else.")


class NobodyToImport(Refusal):
    code = "trials.nobody_to_import"
    message = _("No line of the file would change anything.")


class OtherPeopleThanShown(Refusal):
    code = "trials.other_people_than_shown"
    message = _(
        "Nothing was saved: since the file was shown, an account or role has changed. Read it once more."
    )


class NotYoursToImport(Forbidden):
    code = "trials.people_not_yours"
    message = _("People of a file are imported by who delegates at every site.")


@dataclass(frozen=True)
class PeopleLine:
    """One line of a file: a person with one role; ``problem`` says why it cannot be read."""

    number: int
    username: str
    role: str
    place: str
    account: dict[str, Any]
    site: Site | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    problem: str = ""

    @property
    def role_in_words(self) -> str:
        """Return the name of the role; what is none, as it was typed."""
        return next((str(label) for role, label in ROLE_LABELS.items() if role == self.role), self.role)


@dataclass(frozen=True)
class ImportedLine:
    """What a line would do: ``new`` account with a role, ``role`` alone, nothing (``there``), or ``refused``."""

    line: PeopleLine
    outcome: str
    why: str = ""


@dataclass(frozen=True)
class ImportedPeople:
    """Every line of a file with its outcome; the digest says that two of them are the same."""

    lines: tuple[ImportedLine, ...]

    def of(self, *outcomes: str) -> int:
        return sum(line.outcome in outcomes for line in self.lines)

    @property
    def changes(self) -> int:
        return self.of("new", "role")

    @property
    def digest(self) -> str:
        said = [(each.line, each.outcome) for each in self.lines]
        return hashlib.sha256(repr(said).encode()).hexdigest()


class _ShownOnlyError(Exception):
    """What was tried to see what would happen is undone."""


def try_people(lines: Sequence[PeopleLine], *, by: User, at: datetime) -> ImportedPeople:
    """Say what each line would do; nothing is kept.

    Refuses: who does not delegate everywhere. Locks: nothing.
    """
    outcome = ImportedPeople(())
    try:
        with open_act("trials:people:import", by=by, at=at):
            outcome = _taken(lines, by=by, at=at)
            raise _ShownOnlyError
    except _ShownOnlyError:
        return outcome


def import_people(*, lines: Sequence[PeopleLine], seen: str, by: User, at: datetime) -> ImportedPeople:
    """Each line that was shown as possible is done, in one act; whoever is new is mailed a one-time link.

    Refuses: who does not delegate everywhere; anything else than what was shown (``seen`` is its digest); a file that
    changes nothing. Locks: nothing.
    """
    with open_act("trials:people:import", by=by, at=at):
        outcome = _taken(lines, by=by, at=at)
        if outcome.digest != seen:
            raise OtherPeopleThanShown
        if not outcome.changes:
            raise NobodyToImport
    return outcome


def _taken(lines: Sequence[PeopleLine], *, by: User, at: datetime) -> ImportedPeople:
    if by.sites_with(Permission.PERSON_DELEGATE) is not None:
        raise NotYoursToImport
    return ImportedPeople(tuple(_outcome(line, by=by, at=at) for line in lines))


def _outcome(line: PeopleLine, *, by: User, at: datetime) -> ImportedLine:
    if line.problem:
        return ImportedLine(line, "refused", line.problem)
    try:
        with transaction.atomic():
            return ImportedLine(line, _take(line, by=by, at=at))
    except Refusal as refusal:
        return ImportedLine(line, "refused", str(refusal))


def _take(line: PeopleLine, *, by: User, at: datetime) -> str:
    user, is_new = User.objects.filter(username=line.username).first(), False
    if user is None:
        user, is_new = create_person(username=line.username, **line.account, by=by, at=at), True
    elif not user.is_active:
        raise AccountClosed(username=line.username)
    elif (user.display_name, user.email) != (line.account["display_name"], line.account["email"]):
        raise AnotherPerson(username=line.username)
    if line.starts_on is None:
        raise NobodyToImport
    begun = Delegation.objects.filter(user=user, role=line.role, site=line.site, starts_on=line.starts_on)
    if begun.exists():
        return "there"
    told: Any = {"starts_on": line.starts_on, "ends_on": line.ends_on, "by": by, "at": at}
    delegate(user=user, role=Role(line.role), site=line.site, **told)
    if is_new:
        invite_person(user=user, by=by, at=at)
    return "new" if is_new else "role"

"""What the trial and its practice tell each other: who comes to practise what, and who has passed (ADR 57).

Practice is another server with another database. All that passes between them are two signed tickets, which the
person's own browser carries: there to practice, and the training back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Role
from kernel.errors import Refusal

PRACTISED_ROLES: Final = (
    Role.COORDINATOR,
    Role.INVESTIGATOR,
    Role.DATA_MANAGER,
    Role.MONITOR,
    Role.STATISTICIAN,
)
_ENTRY, _PASS = "palace3.practice.entry", "palace3.practice.pass"
ENTRY_HOLDS: Final = timedelta(minutes=2)
PASS_HOLDS: Final = timedelta(days=7)


class TicketNotOurs(Refusal):
    code = "trials.practice_ticket_not_ours"
    message = _(
        "This address was not made by the trial and its practice. Open practice from the work list again."
    )
    status = 403


class TicketOver(Refusal):
    code = "trials.practice_ticket_over"
    message = _("This address is too old to be used. Open practice from the work list again.")
    status = 403


@dataclass(frozen=True)
class Learner:
    """Who comes to practise, and in which role: all that practice is told of a person."""

    person: int
    display_name: str
    language: str
    role: Role


@dataclass(frozen=True)
class PassedTour:
    """Who has passed the tour of which role, for which version of the protocol, and on which day."""

    person: int
    role: Role
    version: str
    passed_on: date


def learner_of(user: User, role: Role) -> Learner:
    return Learner(user.pk, str(user), user.language, role)


def entry_ticket(learner: Learner, *, at: datetime) -> str:
    """Return the ticket that opens practice for two minutes."""
    return _sealed(_ENTRY, asdict(learner), until=at + ENTRY_HOLDS)


def read_entry(ticket: str, *, at: datetime) -> Learner:
    """Return who comes. Refuses: a ticket that the trial did not make, or that is over."""
    said = _opened(_ENTRY, ticket, at)
    return Learner(said["person"], said["display_name"], said["language"], Role(said["role"]))


def pass_ticket(passed: PassedTour, *, at: datetime) -> str:
    """Return the ticket by which the trial records the training within a week."""
    said = {**asdict(passed), "passed_on": passed.passed_on.isoformat()}
    return _sealed(_PASS, said, until=at + PASS_HOLDS)


def read_pass(ticket: str, *, at: datetime) -> PassedTour:
    """Return what was passed. Refuses: a ticket that practice did not make, or that is over."""
    said = _opened(_PASS, ticket, at)
    day = date.fromisoformat(said["passed_on"])
    return PassedTour(said["person"], Role(said["role"]), said["version"], day)


def _sealed(what: str, said: dict[str, Any], *, until: datetime) -> str:
    return Signer(key=_key(), salt=what).sign_object({**said, "until": until.timestamp()})


def _opened(what: str, ticket: str, at: datetime) -> dict[str, Any]:
    try:
        said: dict[str, Any] = Signer(key=_key(), salt=what).unsign_object(ticket)
    except BadSignature as fault:
        raise TicketNotOurs from fault
    if at.timestamp() > said["until"]:
        raise TicketOver
    return said


def _key() -> str:
    """The key that both servers know; without one nothing is signed, and nothing is believed."""
    if not settings.PRACTICE_KEY:
        raise TicketNotOurs
    return str(settings.PRACTICE_KEY)

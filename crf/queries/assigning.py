"""To whom a query is assigned: a person or a role that handles queries of the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from accounts.models import User
from accounts.permissions import ROLE_LABELS, ROLE_PERMISSIONS, Permission, Role
from crf.models import Query
from crf.queries.refusals import NoSuchAssignee
from kernel.clock import local_date
from kernel.row_keys import key_of, row_of
from trials.models import Delegation, Participant, Site

HANDLES: Final = frozenset({Permission.QUERY_ANSWER, Permission.QUERY_RAISE})
ROLES: Final = tuple(role for role in Role if HANDLES & ROLE_PERMISSIONS[role])


@dataclass(frozen=True)
class Assignee:
    """A role, a person, or nobody in particular."""

    role: str = ""
    user_id: int | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what a choice of the page says: ``role:coordinator``, ``user:k3v97xqd``, or nothing."""
        kind, _colon, name = text.partition(":")
        if kind == "user" and (number := row_of("user", name)) is not None:
            return cls(user_id=number)
        if kind == "role" and name in ROLES:
            return cls(role=name)
        if text:
            raise NoSuchAssignee
        return cls()

    @classmethod
    def of(cls, query: Query) -> Self:
        return cls(query.assigned_role or "", query.assigned_to_id)

    def __str__(self) -> str:
        if self.user_id:
            return f"user:{key_of('user', self.user_id)}"
        return f"role:{self.role}" if self.role else ""

    def in_words(self) -> str:
        """Return the role, or the name of the person."""
        if self.user_id:
            person = User.objects.filter(pk=self.user_id).first()
            if person is None:
                raise NoSuchAssignee
            return person.display_name
        return str(ROLE_LABELS[Role(self.role)]) if self.role else ""


def _people(site: Site, at: datetime) -> Any:
    delegations = Delegation.objects.in_force(on=local_date(at, site.time_zone)).filter(role__in=ROLES)
    return (delegations.filter(site=site) | delegations.filter(site=None)).filter(user__is_active=True)


def role_choices() -> list[tuple[str, str]]:
    """Return the roles to which queries of any site can be assigned, nobody in particular first."""
    return [("", "–"), *((str(Assignee(role=role)), str(ROLE_LABELS[role])) for role in ROLES)]


def choices_at(site: Site, *, at: datetime) -> list[tuple[str, str]]:
    """Return the roles and the people to whom a query of the site can be assigned, nobody in particular first."""
    people = {
        each.user_id: f"{each.user.display_name} ({ROLE_LABELS[Role(each.role)]})"
        for each in _people(site, at).select_related("user").order_by("user__display_name", "pk")
    }
    return [*role_choices(), *((str(Assignee(user_id=pk)), name) for pk, name in people.items())]


def refuse_unknown_assignee(to: Assignee, participant: Participant, *, at: datetime) -> None:
    """Refuse a person who handles no queries of the participant's site."""
    if to.user_id and not _people(participant.site, at).filter(user=to.user_id).exists():
        raise NoSuchAssignee


def assigned_to_reader(queries: Any, user: User) -> Any:
    """Narrow to the queries that are assigned to the person, or to a role that they hold where the query is."""
    assigned = queries.filter(assigned_to=user)
    for grant in user.grants:
        of_role = queries.filter(assigned_role=grant.role)
        assigned |= of_role if grant.site_id is None else of_role.filter(site_id=grant.site_id)
    return assigned


def not_for_others(queries: Any, user: User) -> Any:
    """Leave out the queries that are assigned to somebody else or to a role that the person does not hold there."""
    return queries.filter(assigned_role=None, assigned_to=None) | assigned_to_reader(queries, user)

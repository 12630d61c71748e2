"""Where the work of each central role is: the pages that open their day, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission, Role


@dataclass(frozen=True)
class WorkPlace:
    """One page, for whoever holds the permission."""

    label: Promise
    icon: str
    url_name: str
    permission: Permission

    @property
    def href(self) -> str:
        return reverse(self.url_name)


_COMPLETENESS = WorkPlace(_("Completeness"), "clipboard-check", "reports:completeness", Permission.CRF_VIEW)
_QUERIES = WorkPlace(_("Queries"), "chat-left-text", "crf:queries", Permission.QUERY_VIEW)
_VERIFICATION = WorkPlace(
    _("Source verification"), "shield-check", "reports:verification", Permission.CRF_VIEW
)
_OVERDUE = WorkPlace(_("Overdue forms"), "pencil", "reports:unfinished-forms", Permission.CRF_VIEW)
_SITES = WorkPlace(_("Sites"), "hospital", "trials:sites", Permission.SITE_VIEW)
_PEOPLE = WorkPlace(_("People"), "person", "trials:people", Permission.PERSON_VIEW)
_FLOW = WorkPlace(_("Flow of participants"), "people", "analysis:flow", Permission.VISIT_VIEW)
_REPORTS = WorkPlace(_("Reports"), "graph-up", "reports:reports", Permission.VISIT_VIEW)
_LIST = WorkPlace(_("List and balance"), "shuffle", "randomization:schemes", Permission.SCHEME_ACTIVATE)
_RESULTS = WorkPlace(_("Endpoints"), "graph-up", "analysis:definitions", Permission.PROTOCOL_VIEW)
_EXPORTS = WorkPlace(_("Exports"), "file-earmark-arrow-down", "exports:list", Permission.EXPORT_VIEW)
_TRAIL = WorkPlace(_("Audit trail"), "clock-history", "reports:trail", Permission.AUDIT_VIEW)
_REVIEWS = WorkPlace(_("Central review"), "people", "crf:central-reviews", Permission.CENTRAL_REVIEW_VIEW)
_CODING = WorkPlace(_("Coding"), "journal-check", "crf:coding", Permission.CODING_VIEW)

PLACES: Final[dict[Role, tuple[WorkPlace, ...]]] = {
    Role.DATA_MANAGER: (_COMPLETENESS, _QUERIES, _VERIFICATION, _OVERDUE),
    Role.MONITOR: (_COMPLETENESS, _VERIFICATION, _QUERIES, _OVERDUE),
    Role.TRIAL_MANAGER: (_SITES, _PEOPLE, _FLOW, _REPORTS),
    Role.STATISTICIAN: (_LIST, _FLOW, _RESULTS, _EXPORTS),
    Role.INSPECTOR: (_TRAIL, _SITES, _PEOPLE, _EXPORTS),
    Role.CODER: (_CODING, _QUERIES),
    Role.REVIEWER: (_REVIEWS,),
}


def places_for(user: User) -> list[WorkPlace]:
    """Return the pages of the person's roles that they may open, each once."""
    return list(dict.fromkeys(_open_to(user)))


def _open_to(user: User) -> Iterator[WorkPlace]:
    for role in sorted(user.roles):
        yield from (place for place in PLACES.get(role, ()) if user.may(place.permission))

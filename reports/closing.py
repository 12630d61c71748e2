"""What is open at a site that is to be closed out: one count for each kind, and where it is settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from crf.engine.base import Record, RecordState
from crf.models import Query, QueryState, SafetyClock
from followup.models import Todo, Visit
from kernel.scope import EVERYTHING, scope
from randomization.models import Envelope
from trials.models import CloseOut, ContactRequest, DeviationProposal, Participant, Site
from trials.models.closing import KEPT, OpenMatter
from trials.models.participants import TERMINAL, DeviationState, Track

# Somebody who is lost may be found again: vital status is asked for until death or withdrawal.
LEFT: Final = TERMINAL - {Track.LOST}
UNSIGNED: Final = (RecordState.IN_PROGRESS, RecordState.COMPLETE, RecordState.VERIFIED)


def _open_rows(site: Site, today: date) -> dict[OpenMatter, QuerySet[Any]]:
    """The rows of each kind that are open at the site on the day."""
    people, records = Participant.objects.filter(site=site), Record.objects.filter(site=site)
    return {
        OpenMatter.SCREENING: people.filter(state=Track.SCREENED),
        OpenMatter.LIVING: people.exclude(state__in=(*LEFT, Track.SCREENED)),
        OpenMatter.VISITS: Visit.objects.filter(site=site, participant__arm__isnull=False).open_on(today),
        OpenMatter.TODOS: Todo.objects.filter(site=site).waiting(),
        OpenMatter.QUERIES: Query.objects.filter(site=site).exclude(state=QueryState.CLOSED),
        OpenMatter.CLOCKS: SafetyClock.objects.filter(site=site).running(),
        OpenMatter.DEVIATIONS: DeviationProposal.objects.filter(site=site, state=DeviationState.PROPOSED),
        OpenMatter.REQUESTS: ContactRequest.objects.filter(site=site).waiting(),
        OpenMatter.UNSIGNED: records.filter(state__in=UNSIGNED),
        OpenMatter.UNLOCKED: records.exclude(state__in=(RecordState.EMPTY, RecordState.LOCKED)),
        OpenMatter.ENVELOPES: Envelope.objects.out().filter(site=site),
        OpenMatter.KEEPING: CloseOut.objects.standing().filter(keeper=site),
    }


def open_matters_at(site: Site, *, today: date) -> dict[str, int]:
    """Return how much of each kind is open. It reads as the system does, and only numbers leave."""
    with scope(user_id=None, sites=EVERYTHING):
        return {matter.value: rows.count() for matter, rows in _open_rows(site, today).items()}


@dataclass(frozen=True)
class ClosingLine:
    """One kind of open matter on the page of the close-out."""

    matter: OpenMatter
    count: int
    state: str
    href: str


_WHERE: Final[dict[OpenMatter, tuple[Permission, str, str]]] = {
    OpenMatter.SCREENING: (
        Permission.PARTICIPANT_VIEW,
        "reports:participants",
        "?site={site}&state=SCREENED",
    ),
    OpenMatter.LIVING: (Permission.PARTICIPANT_VIEW, "reports:participants", "?site={site}"),
    OpenMatter.VISITS: (Permission.VISIT_VIEW, "followup:agenda", "?site={site}"),
    OpenMatter.TODOS: (Permission.VISIT_VIEW, "followup:agenda", "?site={site}&show=todos"),
    OpenMatter.QUERIES: (Permission.QUERY_VIEW, "crf:queries", "?site={site}"),
    OpenMatter.CLOCKS: (Permission.SAFETY_VIEW, "crf:clocks", ""),
    OpenMatter.DEVIATIONS: (Permission.DEVIATION_VIEW, "crf:deviations", "?show=proposed&site={site}"),
    OpenMatter.REQUESTS: (Permission.CONTACT_HANDLE, "trials:requests", ""),
    OpenMatter.UNSIGNED: (Permission.CRF_VIEW, "reports:reports", ""),
    OpenMatter.UNLOCKED: (Permission.CRF_VIEW, "reports:reports", ""),
    OpenMatter.ENVELOPES: (Permission.ALLOCATION_VIEW, "randomization:envelopes", ""),
    OpenMatter.KEEPING: (Permission.SITE_VIEW, "trials:sites", ""),
}


def closing_lines(
    site: Site, counts: dict[str, int], *, keeper: Site | None, user: User
) -> list[ClosingLine]:
    """Return every kind: settled, kept by another site, or open; with where the person sees it."""
    return [
        ClosingLine(
            matter, counts[matter], _standing(matter, counts[matter], keeper), _where(matter, site, user)
        )
        for matter in OpenMatter
    ]


def _standing(matter: OpenMatter, count: int, keeper: Site | None) -> str:
    if not count:
        return "settled"
    return "kept" if keeper is not None and matter in KEPT else "open"


def _where(matter: OpenMatter, site: Site, user: User) -> str:
    permission, name, query = _WHERE[matter]
    if not user.may(permission, site):
        return ""
    return reverse(name) + query.format(site=site.code)

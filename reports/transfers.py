"""What goes along when a participant is transferred: read as the system does, and only numbers and days leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crf.engine.base import Record, RecordState
from crf.models import Draft, Query, QueryState, SafetyClock
from followup.models import Todo, Visit, VisitState
from kernel.days import written
from kernel.scope import EVERYTHING, scope
from trials.models import Delegation, DeviationProposal, Participant, Site, Transfer
from trials.models.participants import DeviationState


@dataclass(frozen=True)
class GoingAlong:
    """One thing that goes along, and how much of it."""

    label: str | Promise
    said: str


def going_along(participant_id: int, receiving: Site | None, *, today: date) -> list[GoingAlong]:
    """Return what the participant takes along, for everybody who is asked: also before they see the participant."""
    with scope(user_id=None, sites=EVERYTHING):
        participant = Participant.objects.get(pk=participant_id)
        return [
            GoingAlong(_("State"), str(participant.get_state_display())),
            GoingAlong(_("Protocol version"), _version(participant, receiving)),
            GoingAlong(_("Next visit"), _next_visit(participant_id)),
            *(GoingAlong(label, str(rows.count())) for label, rows in _counted(participant_id, today)),
            GoingAlong(_("Drafts, typed and not saved yet"), str(_drafts(participant))),
        ]


def _drafts(participant: Participant) -> int:
    """Count what people of the site have typed and not saved: each draft is seen by its owner alone."""
    people = Delegation.objects.filter(site=participant.site_id).order_by().values_list("user", flat=True)
    number = 0
    for owner in people.distinct():
        with scope(user_id=owner, sites=EVERYTHING):
            number += Draft.objects.filter(participant=participant, owner=owner).count()
    return number


def _version(participant: Participant, receiving: Site | None) -> str:
    own = participant.protocol_version
    if receiving is None or receiving.protocol_version == own:
        return own
    return str(_("{own}, then {theirs} as at site {site}")).format(
        own=own, theirs=receiving.protocol_version, site=receiving.code
    )


def _next_visit(participant_id: int) -> str:
    visits = Visit.objects.filter(participant=participant_id).awaited().order_by("closes", "pk")
    visit = visits.first()
    return f"{visit} · {written(visit.opens)} – {written(visit.closes)}" if visit else "–"


def _counted(participant_id: int, today: date) -> list[tuple[Promise, Any]]:
    of = {"participant": participant_id}
    visits = Visit.objects.filter(**of)
    return [
        (_("Visits to come"), visits.filter(state=VisitState.PLANNED)),
        (_("Visits due or overdue"), visits.open_on(today)),
        (_("Records"), Record.objects.filter(**of).exclude(state=RecordState.EMPTY)),
        (_("Open queries"), Query.objects.filter(**of).exclude(state=QueryState.CLOSED)),
        (_("To-dos"), Todo.objects.filter(**of).waiting()),
        (_("Safety clocks"), SafetyClock.objects.filter(**of).running()),
        (_("Proposed deviations"), DeviationProposal.objects.filter(**of, state=DeviationState.PROPOSED)),
    ]


@dataclass(frozen=True)
class ReleasedLine:
    """The one line that the releasing site keeps: number, receiving site and day."""

    number: str
    receiving: str
    on: date
    href: str


def released_lines(sites: list[Site], *, number: str = "") -> list[ReleasedLine]:
    """Return who went on elsewhere from the sites of somebody who does not see them any more, by number."""
    by_pk = {site.pk: site for site in sites}
    rows = Transfer.objects.released(*by_pk).exclude(
        participant__in=Participant.objects.order_by().values("pk")
    )
    latest = {row.number: row for row in rows.order_by("confirmed_at", "pk") if number in row.number}
    return [
        ReleasedLine(
            row.number, row.receiving_code, row.moved_on(by_pk[row.site_id].time_zone), row.get_absolute_url()
        )
        for row in sorted(latest.values(), key=lambda each: each.number)
    ]

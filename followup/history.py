"""What is known of a participant, in the words of the planner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from followup.models import Visit, VisitState
from palace3.protocol.course import History, PastVisit, PlannedVisit
from palace3.protocol.text import ProtocolText, load
from trials.models import Milestone, Participant, Withdrawal

UNSCHEDULED = "UNS"
_SCOPES = {"study_drug": "drug", "procedures": "procedures", "quality_of_life": "qol", "all_contact": "all"}


def text_for(participant: Participant) -> ProtocolText:
    """Return the protocol text that the participant follows."""
    return load(participant.protocol_version)


def whole_number(text: ProtocolText, key: str) -> int:
    """Return the setting ``key``, which the protocol gives as a whole number."""
    value = text.setting(key)
    if not isinstance(value, int):
        raise TypeError(f"the protocol gives no whole number for {key}")
    return value


def history_of(participant: Participant, visits: Iterable[Visit], *, as_of: date) -> History:
    """Return milestones, results, track, withdrawals and what happened, as known now (protocol 2.1-2.5)."""
    milestones = list(Milestone.objects.filter(participant=participant, on__isnull=False))
    text = text_for(participant)
    return History(
        as_of=as_of,
        arm=participant.arm,
        milestones={milestone.code: milestone.on for milestone in milestones if milestone.on},
        responses={milestone.code: milestone.result for milestone in milestones if milestone.result},
        track=participant.state,
        track_since=participant.state_since,
        withdrawn=_withdrawn(participant),
        past=tuple(_past(visit, text, participant.arm) for visit in visits if is_settled(visit)),
    )


def is_settled(visit: Visit) -> bool:
    """Say whether planning leaves the visit alone: it took place, or a person said that it will not."""
    return visit.state in {VisitState.DONE, VisitState.NOT_DONE} and visit.code != UNSCHEDULED


def _withdrawn(participant: Participant) -> dict[str, date]:
    days: dict[str, date] = {}
    for withdrawal in Withdrawal.objects.filter(participant=participant).order_by("-on"):
        days.update({scope: withdrawal.on for field, scope in _SCOPES.items() if getattr(withdrawal, field)})
    return days


def _past(visit: Visit, text: ProtocolText, arm: str | None) -> PastVisit:
    day = visit.took_place_on or visit.target or visit.opens
    if day is None or visit.anchor_on is None:
        raise ValueError(f"visit {visit.pk} is settled and has no day")
    planned = PlannedVisit(
        code=visit.code,
        series=_series(text, visit.code, arm),
        anchor=visit.anchor,
        anchor_on=visit.anchor_on,
        target=visit.target or day,
        opens=visit.opens or day,
        closes=visit.closes or day,
        forms=tuple(visit.forms),
        procedures=tuple(visit.procedures),
        proposed_on=visit.proposed_on or day,
        reason=visit.reason,
    )
    return PastVisit(planned, visit.took_place_on)


def _series(text: ProtocolText, code: str, arm: str | None) -> str:
    for wanted in (code, code.rsplit("-", 1)[0]):
        try:
            return text.visit(wanted, arm).series
        except KeyError:
            continue
    return "unscheduled"

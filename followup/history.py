"""What is known of a participant, in the words of the planner."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from followup.models import Visit, VisitState
from palace3.protocol.course import History, PastVisit, PlannedVisit
from palace3.protocol.shapes import VisitRule
from palace3.protocol.text import ProtocolText, load, versions
from trials.models import Participant, SiteVersion

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
    milestones = [milestone for milestone in participant.milestones.all() if milestone.on]
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
    for withdrawal in sorted(participant.withdrawals.all(), key=lambda each: each.on, reverse=True):
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
    """Return the series of a visit; one that the calendar no longer has, as the version knew it that asked for it."""
    for known in (text, *(load(version) for version in reversed(versions()))):
        if rule := rule_of(known, code, arm):
            return rule.series
    return "unscheduled"


def rule_of(text: ProtocolText, code: str, arm: str | None = None) -> VisitRule | None:
    """Return the row of the schedule behind a visit code; None when this version has none."""
    for wanted in (code, code.rsplit("-", 1)[0]):
        with suppress(KeyError):
            return text.visit(wanted, arm)
    return None


def followed_since(participant: Participant) -> date | None:
    """Return the day from which the site follows the participant's version; None for the first version."""
    if participant.protocol_version == versions()[0]:
        return None
    opened = SiteVersion.objects.filter(
        site_id=participant.site_id, version=participant.protocol_version, opened_on__isnull=False
    )
    return opened.values_list("opened_on", flat=True).first()

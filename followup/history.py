"""What is known of a participant, in the words of the planner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from followup.models import ContactAttempt, ContactResult, DataCut, Visit, VisitState
from palace3.protocol.course import History, PastVisit, PlannedVisit
from palace3.protocol.text import ProtocolText, load
from trials.models import Milestone, Participant, Withdrawal

UNSCHEDULED = "UNS"
SWEEPS = "SWEEP-"
CUT_SWEEPS = "SWEEP-C"
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
        data_cuts=tuple(_cuts_to_ask_for(participant, text)),
    )


def days_met(people: Iterable[int], since: date, until: date) -> dict[int, list[tuple[date, int | None]]]:
    """Return by participant the days on which they were seen, with the visit, or reached; sweeps ask nothing then."""
    of = {"participant_id__in": list(people)}
    seen = Visit.objects.filter(**of, took_place_on__range=(since, until)).order_by()
    reached = ContactAttempt.objects.filter(**of, result=ContactResult.REACHED, on__range=(since, until))
    met: dict[int, list[tuple[date, int | None]]] = {}
    for person, on, visit in seen.values_list("participant_id", "took_place_on", "pk"):
        met.setdefault(person, []).append((on, visit))
    for person, on in reached.order_by().values_list("participant_id", "on"):
        met.setdefault(person, []).append((on, None))
    return met


def _cuts_to_ask_for(participant: Participant, text: ProtocolText) -> Iterator[tuple[int, date]]:
    """Yield the data cuts near which nobody has met the participant (protocol 2.2)."""
    cuts = list(DataCut.objects.order_by("number"))
    if not cuts or participant.arm is None:
        return
    window = text.visit("SWEEP", participant.arm).due.window
    before = timedelta(days=whole_number(text, "sweep_without_contact_days"))
    for cut in cuts:
        until = cut.on + timedelta(days=window.after or 0)
        if not days_met([participant.pk], cut.on - before, until):
            yield cut.number, cut.on


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
    if code.startswith(CUT_SWEEPS):
        return "data cut"
    for wanted in (code, code.rsplit("-", 1)[0]):
        try:
            return text.visit(wanted, arm).series
        except KeyError:
            continue
    return "unscheduled"

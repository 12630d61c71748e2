"""What is known of a participant, in the words of the planner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from followup.models import ContactAttempt, DataCut, Visit, VisitState
from followup.visit_conduct import SOMEBODY_MET, ContactResult
from protocol.history import CUT_SWEEPS, EXAMINING_FORMS, VITAL, History, PastVisit, PlannedVisit
from protocol.loader.schema import VisitRule
from protocol.text import ProtocolText, load, versions
from trials.models import Participant, SiteVersion
from trials.models.participants import ENDS_FOLLOWING, Track

UNSCHEDULED = "UNS"
SWEEPS = "SWEEP-"
DUE_BEFORE_CLOSING = "visit_due_before_closing_days"
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


def history_of(
    participant: Participant, visits: Iterable[Visit], *, as_of: date, cuts: list[DataCut] | None = None
) -> History:
    """Return milestones, results, track, withdrawals and what happened, as known now (protocol 2.1-2.5).

    Who looks at many people reads the data ``cuts`` once for all of them.
    """
    milestones = [milestone for milestone in participant.milestones.all() if milestone.on]
    text, ended_by = text_for(participant), _ended_by(participant)
    left = ended_by[-1] if ended_by and ended_by[-1][0] not in ENDS_FOLLOWING else None
    return History(
        as_of=as_of,
        arm=participant.arm,
        milestones={milestone.code: milestone.on for milestone in milestones if milestone.on},
        responses={milestone.code: milestone.result for milestone in milestones if milestone.result},
        track=participant.state,
        track_since=participant.state_since,
        track_left=left[0] if left else None,
        left_since=left[1] if left else None,
        survival_since=next((on for track, on in ended_by if track == Track.SURVIVAL_ONLY), None),
        withdrawn=_withdrawn(participant),
        past=tuple(_past(visit, text, participant.arm) for visit in visits if is_settled(visit)),
        data_cuts=tuple(_cuts_to_ask_for(participant, text, data_cuts() if cuts is None else cuts)),
        examined_on=frozenset(_examined_on(visits)),
    )


def _ended_by(participant: Participant) -> list[tuple[str, date | None]]:
    """Return what ended the clinical following, the last first, and at last the track that it ended; [] while
    followed. Survival follow-up alone is such an end.
    """
    if participant.state not in ENDS_FOLLOWING:
        return []
    versions: Any = participant.events  # type: ignore[attr-defined]  # the event table of this model
    rows: list[tuple[str, date | None]] = []
    for track in versions.order_by("-pgh_id").values_list("state", "state_since"):
        rows.append(track)
        if track[0] not in ENDS_FOLLOWING:
            break
    return rows


def _examined_on(visits: Iterable[Visit]) -> Iterator[date]:
    """Yield the days of visits that asked for a form on the tumour."""
    for visit in visits:
        if visit.took_place_on and EXAMINING_FORMS & set(visit.forms):
            yield visit.took_place_on


def days_met(people: Iterable[int], since: date, until: date) -> dict[int, list[tuple[date, int | None]]]:
    """Return by participant the days on which they were seen, with the visit, or reached; sweeps ask nothing then.

    An answer to another sweep is no such day: a register may have given it, or nobody may have known.
    """
    of = {"participant_id__in": list(people)}
    seen = Visit.objects.filter(SOMEBODY_MET, **of, took_place_on__range=(since, until)).order_by()
    reached = ContactAttempt.objects.standing().filter(
        **of, result=ContactResult.REACHED, on__range=(since, until)
    )
    met: dict[int, list[tuple[date, int | None]]] = {}
    follows = ("code", "participant__arm", "participant__protocol_version")
    for person, on, visit, code, arm, version in seen.values_list(
        "participant_id", "took_place_on", "pk", *follows
    ):
        if is_seen_at(load(version), code, arm):
            met.setdefault(person, []).append((on, visit))
    for person, on in reached.order_by().values_list("participant_id", "on"):
        met.setdefault(person, []).append((on, None))
    return met


def data_cuts() -> list[DataCut]:
    """Return the data cuts that are announced and stand."""
    return list(DataCut.objects.standing().order_by("number"))


def _cuts_to_ask_for(
    participant: Participant, text: ProtocolText, cuts: list[DataCut]
) -> Iterator[tuple[int, date]]:
    """Yield the data cuts near which nobody has met the participant (protocol 2.2)."""
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
    standing = (each for each in participant.withdrawals.all() if each.cancelled_at is None)
    for withdrawal in sorted(standing, key=lambda each: each.on, reverse=True):
        days.update({scope: withdrawal.on for field, scope in _SCOPES.items() if getattr(withdrawal, field)})
    return days


def _past(visit: Visit, text: ProtocolText, arm: str | None) -> PastVisit:
    day = visit.took_place_on or visit.target or visit.opens
    if day is None or visit.anchor_on is None:
        raise ValueError(f"visit {visit.pk} is settled and has no day")
    planned = PlannedVisit(
        code=visit.code,
        series=series_of(text, visit.code, arm),
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


def is_seen_at(text: ProtocolText, code: str, arm: str | None) -> bool:
    """Say whether a visit is one at which somebody sees the participant; vital status may come from a register."""
    return code == UNSCHEDULED or series_of(text, code, arm) not in VITAL


def series_of(text: ProtocolText, code: str, arm: str | None) -> str:
    """Return the series of a visit; one that the calendar no longer has, as the version knew it that asked for it."""
    if code.startswith(CUT_SWEEPS):
        return "data cut"
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

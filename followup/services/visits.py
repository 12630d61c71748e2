"""What happened at a visit, or why it did not."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import act
from followup.history import UNSCHEDULED
from followup.models import ContactAttempt, ContactResult, DataCut, Visit, VisitState
from followup.services.planning import plan_visits_for
from kernel.clock import local_date
from kernel.errors import Refusal
from protocol.windows import window_status
from trials.models import Milestone, Participant


class VisitInFuture(Refusal):
    message = _("Visit {visit} cannot have taken place on {day}: that day has not come yet.")
    status = 422


class VisitBeforeConsent(Refusal):
    message = _("Visit {visit} cannot have taken place on {day}, before the consent of {consent}.")
    status = 422


class VisitAfterDeath(Refusal):
    message = _("Visit {visit} cannot have taken place on {day}: the participant died on {death}.")
    status = 422


class VisitCancelled(Refusal):
    message = _(
        "Visit {visit} is no longer planned for participant {participant}. Record an unscheduled visit."
    )


class ReasonNeeded(Refusal):
    message = _("Say why visit {visit} was not done.")
    status = 422


class ReasonForChangeNeeded(Refusal):
    message = _("Visit {visit} is on record as having taken place on {day}. Give a reason for the change.")
    status = 422


class OutsideWindow(Refusal):
    message = _("{day} is outside the window of visit {visit}, {opens} to {closes}. Choose a day inside it.")
    status = 422


def record_visit(
    *, visit: Visit, took_place_on: date, reason: str = "", by: User | None, at: datetime
) -> Visit:
    """The visit took place on the day; whether early, in the window or late is kept with it (protocol 2.1)."""
    with act("followup:visit:record", by=by, at=at, participant=visit.participant, reason=reason) as written:
        participant = Participant.objects.lock(visit.participant_id)
        held = Visit.objects.select_for_update().get(pk=visit.pk)
        if held.state == VisitState.CANCELLED:
            raise VisitCancelled(visit=held.code, participant=participant.number)
        if held.took_place_on and held.took_place_on != took_place_on and not reason:
            raise ReasonForChangeNeeded(visit=held.code, day=held.took_place_on.isoformat())
        _refuse_impossible_day(held.code, took_place_on, participant, at)
        held.state, held.took_place_on, held.not_done_reason = VisitState.DONE, took_place_on, ""
        held.timing = (
            window_status(took_place_on, held.opens, held.closes) if held.opens and held.closes else ""
        )
        held.turns_on, held.act = None, written
        held.save(update_fields=["state", "took_place_on", "not_done_reason", "timing", "turns_on", "act"])
        plan_visits_for(participant=participant, by=by, at=at)
    return held


def _refuse_impossible_day(code: str, day: date, participant: Participant, at: datetime) -> None:
    if day > local_date(at, participant.site.time_zone):
        raise VisitInFuture(visit=code, day=day.isoformat())
    consent, death = _day_of(participant, "ICF"), _day_of(participant, "DEATH")
    if consent is not None and day < consent and code != "SCR":
        raise VisitBeforeConsent(visit=code, day=day.isoformat(), consent=consent.isoformat())
    if death is not None and day > death:
        raise VisitAfterDeath(visit=code, day=day.isoformat(), death=death.isoformat())


def _day_of(participant: Participant, milestone: str) -> date | None:
    found = Milestone.objects.filter(participant=participant, code=milestone)
    return found.values_list("on", flat=True).first()


def mark_not_done(*, visit: Visit, why: str, reason: str = "", by: User | None, at: datetime) -> Visit:
    """The visit is on record as not done, with the reason; it is never silently missing (protocol 3.0)."""
    with act(
        "followup:visit:not_done", by=by, at=at, participant=visit.participant, reason=reason or why
    ) as written:
        participant = Participant.objects.lock(visit.participant_id)
        held = Visit.objects.select_for_update().get(pk=visit.pk)
        if not why.strip():
            raise ReasonNeeded(visit=held.code)
        if held.took_place_on and not reason:
            raise ReasonForChangeNeeded(visit=held.code, day=held.took_place_on.isoformat())
        held.state, held.not_done_reason, held.took_place_on, held.timing = VisitState.NOT_DONE, why, None, ""
        held.turns_on, held.act = None, written
        held.save(update_fields=["state", "not_done_reason", "took_place_on", "timing", "turns_on", "act"])
        plan_visits_for(participant=participant, by=by, at=at)
    return held


def add_unscheduled_visit(
    *,
    participant: Participant,
    took_place_on: date,
    forms: list[str],
    why: str,
    by: User | None,
    at: datetime,
) -> Visit:
    """A visit that the schedule does not ask for is on record, with the forms it needs."""
    with act("followup:visit:unscheduled", by=by, at=at, participant=participant, reason=why) as written:
        held = Participant.objects.lock(participant.pk)
        _refuse_impossible_day(UNSCHEDULED, took_place_on, held, at)
        number = Visit.objects.filter(participant=held, code=UNSCHEDULED).count() + 1
        return Visit.objects.create(
            participant=held,
            site_id=held.site_id,
            code=UNSCHEDULED,
            occurrence=number,
            state=VisitState.DONE,
            took_place_on=took_place_on,
            forms=forms,
            reason=why,
            act=written,
        )


def propose_day(*, visit: Visit, day: date, by: User, at: datetime) -> Visit:
    """The appointment offered to the participant is ``day``; the window stays as it is."""
    with act("followup:visit:propose", by=by, at=at, participant=visit.participant) as written:
        held = Visit.objects.select_for_update().get(pk=visit.pk)
        if held.opens is None or held.closes is None or not held.opens <= day <= held.closes:
            raise OutsideWindow(visit=held.code, day=day.isoformat(), opens=held.opens, closes=held.closes)
        held.proposed_on, held.act = day, written
        held.save(update_fields=["proposed_on", "act"])
    return held


def record_contact_attempt(
    *, participant: Participant, on: date, route: str, result: str, note: str = "", by: User, at: datetime
) -> ContactAttempt:
    """The attempt to reach the participant is on record (protocol 3.16)."""
    with act("followup:contact:record", by=by, at=at, participant=participant) as written:
        values: dict[str, Any] = {"on": on, "route": route, "result": result, "note": note}
        if on > local_date(at, participant.site.time_zone):
            raise VisitInFuture(visit=_("contact"), day=on.isoformat())
        attempt = ContactAttempt.objects.create(
            participant=participant, site_id=participant.site_id, act=written, **values
        )
        if result == ContactResult.REACHED and DataCut.objects.exists():
            plan_visits_for(participant=participant, by=by, at=at)  # a data cut need not ask any more
    return attempt

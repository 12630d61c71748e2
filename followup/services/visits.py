"""What happened at a visit, or why it did not."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import note_moved, open_act
from followup.history import UNSCHEDULED, is_seen_at, text_for
from followup.models import HAPPENED, Visit, VisitState
from followup.services.loss import lost_before, reach_again
from followup.services.planning import plan_visits_for
from followup.visit_conduct import ContactMode
from kernel.clock import local_date
from kernel.errors import Refusal
from protocol.history import ALL_OVER
from protocol.windows import window_status
from trials.models import Milestone, Participant
from trials.models.participants import Track

LEFT = ALL_OVER | {Track.LOST}


class VisitInFuture(Refusal):
    code = "followup.visit_in_future"
    fields = ("took_place_on", "on")
    message = _("Visit {visit} cannot have taken place on {day}: that day has not come yet.")
    status = 422


class VisitBeforeConsent(Refusal):
    code = "followup.visit_before_consent"
    fields = ("took_place_on", "on")
    message = _("Visit {visit} cannot have taken place on {day}, before the consent of {consent}.")
    status = 422


class VisitAfterDeath(Refusal):
    code = "followup.visit_after_death"
    fields = ("took_place_on", "on")
    message = _("Visit {visit} cannot have taken place on {day}: the participant died on {death}.")
    status = 422


class VisitCancelled(Refusal):
    code = "followup.visit_cancelled"
    message = _(
        "Visit {visit} is no longer planned for participant {participant}. Record an unscheduled visit."
    )


class VisitReasonNeeded(Refusal):
    code = "followup.visit_reason_needed"
    fields = ("why",)
    message = _("Say why visit {visit} was not done.")
    status = 422


class VisitNotOpenYet(Refusal):
    code = "followup.visit_not_open_yet"
    message = _(
        "The window of visit {visit} opens on {opens}: before that day nobody can know that it was not done. Mark it "
        "“not done” from then on. If the participant will not come any more, record a withdrawal."
    )
    status = 422


class VisitStillToCome(Refusal):
    code = "followup.visit_still_to_come"
    message = _(
        "Visit {visit} has not taken place: say how it was made once it has. Record the day of the visit first."
    )


class ReasonForChangeNeeded(Refusal):
    code = "followup.reason_for_change_needed"
    fields = ("reason",)
    message = _("Visit {visit} is on record already: “{state}”. Give a reason for the change.")
    status = 422


class OutsideWindow(Refusal):
    code = "followup.outside_window"
    fields = ("day",)
    message = _("{day} is outside the window of visit {visit}, {opens} to {closes}. Choose a day inside it.")
    status = 422


def record_visit(
    *, visit: Visit, took_place_on: date, reason: str = "", by: User | None, at: datetime
) -> Visit:
    """The visit took place on the day; whether early, in the window or late is kept with it (protocol 2.1).

    Refuses: a visit that is no longer planned, unless it took place before the participant left; a day that cannot
    be; a change of what is on record without a reason.
    Locks: the participant, then the visit.
    """
    with open_act("followup:visit:record", by=by, at=at, participant=visit.participant, reason=reason) as act:
        participant = Participant.objects.lock(visit.participant_id)
        locked = Visit.objects.select_for_update().get(pk=visit.pk)
        if not may_have_taken_place(locked, participant, took_place_on):
            _refuse_cancelled(locked, participant)
        if locked.took_place_on != took_place_on:
            _refuse_silent_change(locked, reason)
        _refuse_impossible_day(locked.code, took_place_on, participant, at)
        locked.state, locked.took_place_on, locked.not_done_reason = VisitState.DONE, took_place_on, ""
        locked.met_on = None
        locked.timing = (
            window_status(took_place_on, locked.opens, locked.closes)
            if locked.opens and locked.closes
            else ""
        )
        locked.turns_on, locked.act = None, act
        locked.save(
            update_fields=["state", "took_place_on", "not_done_reason", "met_on", "timing", "turns_on", "act"]
        )
        note_moved(participant.pk, "visit.last_on", f"visit:{locked.pk}")
        if participant.state == Track.LOST:
            participant = _find(participant, locked, by=by, at=at)
        plan_visits_for(participant=participant, by=by, at=at)
    return locked


def _find(participant: Participant, visit: Visit, *, by: User | None, at: datetime) -> Participant:
    """Who was lost and comes to a visit is followed again, from where they were (protocol 3.16)."""
    on = visit.took_place_on
    if on and lost_before(participant, on) and is_seen_at(text_for(participant), visit.code, participant.arm):
        return reach_again(participant=participant, on=on, by=by, at=at)
    return participant


def _refuse_cancelled(visit: Visit, participant: Participant) -> None:
    if visit.state == VisitState.CANCELLED:
        raise VisitCancelled(visit=visit.code, participant=participant.number)


def may_have_taken_place(visit: Visit, participant: Participant, on: date | None = None) -> bool:
    """Say whether the visit can have been, on a day or at all, before the participant left and it fell away."""
    if visit.state != VisitState.CANCELLED or participant.state not in LEFT or visit.opens is None:
        return False
    day, left_on = on or visit.opens, participant.state_since
    return left_on is not None and visit.opens <= day <= left_on


def _refuse_silent_change(visit: Visit, reason: str) -> None:
    """Refuse to change what is on record of the visit without a word why (requirements 13-16)."""
    if visit.state in HAPPENED and visit.met_on is None and not reason.strip():
        raise ReasonForChangeNeeded(visit=visit.code, state=visit.get_state_display())


def _refuse_impossible_day(code: str, day: date, participant: Participant, at: datetime) -> None:
    if day > local_date(at, participant.site.time_zone):
        raise VisitInFuture(visit=code, day=day.isoformat())
    milestones = Milestone.objects.filter(participant=participant, code__in=("ICF", "DEATH"))
    days = {each.code: each.last_day for each in milestones}
    consent, death = days.get("ICF"), days.get("DEATH")
    if consent is not None and day < consent and code != "SCR":
        raise VisitBeforeConsent(visit=code, day=day.isoformat(), consent=consent.isoformat())
    if death is not None and day > death:
        raise VisitAfterDeath(visit=code, day=day.isoformat(), death=death.isoformat())


def mark_not_done(*, visit: Visit, why: str, reason: str = "", by: User | None, at: datetime) -> Visit:
    """The visit is on record as not done, with the reason; it is never silently missing (protocol 3.0).

    Refuses: no reason; a visit that is no longer planned or not open yet; a change of what is on record without a
    reason for it.
    Locks: the participant, then the visit.
    """
    with open_act(
        "followup:visit:not_done", by=by, at=at, participant=visit.participant, reason=reason or why
    ) as act:
        participant = Participant.objects.lock(visit.participant_id)
        locked = Visit.objects.select_for_update().get(pk=visit.pk)
        if not why.strip():
            raise VisitReasonNeeded(visit=locked.code)
        _refuse_cancelled(locked, participant)
        if locked.opens is not None and local_date(at, participant.site.time_zone) < locked.opens:
            raise VisitNotOpenYet(visit=locked.code, opens=locked.opens.isoformat())
        if locked.not_done_reason != why:
            _refuse_silent_change(locked, reason)
        locked.state, locked.not_done_reason, locked.took_place_on, locked.timing = (
            VisitState.NOT_DONE,
            why,
            None,
            "",
        )
        locked.turns_on, locked.met_on, locked.act = None, None, act
        locked.contact_mode = locked.source_keeper = None
        said = ["state", "not_done_reason", "met_on", "took_place_on", "timing", "turns_on", "act"]
        locked.save(update_fields=[*said, "contact_mode", "source_keeper"])
        note_moved(participant.pk, "visit.last_on", f"visit:{locked.pk}")
        plan_visits_for(participant=participant, by=by, at=at)
    return locked


def describe_visit(
    *, visit: Visit, contact_mode: str, source_keeper: str, reason: str = "", by: User | None, at: datetime
) -> Visit:
    """How and where the visit was made, and whose record its answers come from, is on record (CDISC SV).

    Where nobody was met the day proves no life, and a sweep of vital status is asked for as if there had been no visit.
    Refuses: a visit that has not taken place; a change of what was said without a reason.
    Locks: the participant, then the visit.
    """
    with open_act(
        "followup:visit:describe", by=by, at=at, participant=visit.participant, reason=reason
    ) as act:
        participant = Participant.objects.lock(visit.participant_id)
        locked = Visit.objects.select_for_update().get(pk=visit.pk)
        if locked.state != VisitState.DONE:
            raise VisitStillToCome(visit=locked)
        if locked.contact_mode and (locked.contact_mode, locked.source_keeper) != (
            contact_mode,
            source_keeper,
        ):
            _refuse_silent_change(locked, reason)
        met_before = locked.contact_mode != ContactMode.RECORDS
        locked.contact_mode, locked.source_keeper, locked.act = contact_mode, source_keeper, act
        locked.save(update_fields=["contact_mode", "source_keeper", "act"])
        if met_before != (contact_mode != ContactMode.RECORDS):
            note_moved(locked.participant_id, "visit.last_on", f"visit:{locked.pk}")
            plan_visits_for(participant=participant, by=by, at=at)
    return locked


def count_as_met(*, visit: Visit, on: date | None, by: User | None, at: datetime) -> Visit:
    """What the visit asks for is known since ``on`` without it; with no day, the visit is awaited as before.

    Nobody was seen, so that the day proves no life. What a person said of the visit stays. Locks participant and visit.
    """
    with open_act("followup:visit:meet", by=by, at=at, participant=visit.participant) as act:
        Participant.objects.lock(visit.participant_id)
        locked = Visit.objects.select_for_update().get(pk=visit.pk)
        if locked.met_on == on or locked.state == VisitState.DONE or locked.not_done_reason:
            return locked
        locked.state = VisitState.PLANNED if on is None else VisitState.NOT_DONE
        locked.met_on, locked.turns_on, locked.act = on, None, act
        locked.save(update_fields=["state", "met_on", "turns_on", "act"])
        note_moved(locked.participant_id, "visit.forms", f"visit:{locked.pk}")
    return locked


def add_unscheduled_visit(
    *,
    participant: Participant,
    took_place_on: date,
    forms: list[str],
    why: str,
    by: User | None,
    at: datetime,
) -> Visit:
    """A visit that the schedule does not ask for is on record, with the forms it needs.

    Refuses: a day that cannot be. Locks: the participant.
    """
    with open_act("followup:visit:unscheduled", by=by, at=at, participant=participant, reason=why) as act:
        locked = Participant.objects.lock(participant.pk)
        _refuse_impossible_day(UNSCHEDULED, took_place_on, locked, at)
        number = Visit.objects.filter(participant=locked, code=UNSCHEDULED).count() + 1
        note_moved(locked.pk, "visit.last_on")
        visit = Visit.objects.create(
            participant=locked,
            site_id=locked.site_id,
            code=UNSCHEDULED,
            occurrence=number,
            state=VisitState.DONE,
            took_place_on=took_place_on,
            forms=forms,
            reason=why,
            act=act,
        )
        if locked.state == Track.LOST:
            _find(locked, visit, by=by, at=at)
    return visit


def propose_day(*, visit: Visit, day: date, by: User, at: datetime) -> Visit:
    """The appointment offered to the participant is ``day``; the window stays as it is.

    Refuses: a day outside the window. Locks: the visit.
    """
    with open_act("followup:visit:propose", by=by, at=at, participant=visit.participant) as act:
        locked = Visit.objects.select_for_update().get(pk=visit.pk)
        if locked.opens is None or locked.closes is None or not locked.opens <= day <= locked.closes:
            raise OutsideWindow(
                visit=locked.code, day=day.isoformat(), opens=locked.opens, closes=locked.closes
            )
        locked.proposed_on, locked.act = day, act
        locked.save(update_fields=["proposed_on", "act"])
    return locked

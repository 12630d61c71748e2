"""Nobody is lost because somebody forgot: the rule before a participant counts as lost (protocol 3.16)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import act
from followup.contacts import standing_of
from followup.models import ContactAttempt
from followup.services.planning import plan_visits_for
from palace3.kernel.clock import local_date
from palace3.kernel.errors import Refusal
from trials.models import Participant
from trials.services import move_track


class NotYetLost(Refusal):
    message = _(
        "Participant {participant} does not count as lost yet: {attempts} of {attempts_needed} attempts in vain, "
        "{routes} of {routes_needed} routes, over {days} of {days_needed} days. Keep trying and record each attempt."
    )


class LostInFuture(Refusal):
    message = _("{day} has not come yet. Give the day of the last attempt or a later one up to today.")
    status = 422


def record_lost(*, participant: Participant, on: date, by: User, at: datetime) -> Participant:
    """The participant counts as lost to follow-up since ``on``; only vital status is still asked for."""
    with act("followup:participant:lost", by=by, at=at, participant=participant):
        held = Participant.objects.lock(participant.pk)
        if on > local_date(at, held.site.time_zone):
            raise LostInFuture(day=on.isoformat())
        standing = standing_of(held, ContactAttempt.objects.filter(participant=held, on__lte=on))
        if not standing.is_enough:
            raise NotYetLost(participant=held.number, **standing.__dict__)
        lost = move_track(participant=held, to="LOST", on=on, by=by, at=at)
        plan_visits_for(participant=lost, by=by, at=at)
    return lost

"""A participant who goes on at another site follows that site's version, and the plan goes along."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from audit.acts import open_act
from followup.services.amending import catch_up
from followup.services.planning import plan_visits_for
from trials import services as trials
from trials.models import Participant, Transfer


def confirm_transfer(*, transfer: Transfer, by: User, at: datetime) -> Participant:
    """The participant is at the receiving site, under its version of the protocol, and planned by its clock.

    Refuses what the transfer itself refuses. Locks: the participant, then the transfer.
    """
    verb, why = "followup:transfer:confirm", transfer.reason
    with transaction.atomic():
        participant = Participant.objects.lock(transfer.participant_id)
        with open_act(verb, by=by, at=at, participant=participant, reason=why):
            moved = trials.confirm_transfer(transfer=transfer, by=by, at=at)
            follower = catch_up(participant=moved, by=by, at=at)
            plan_visits_for(participant=follower, by=by, at=at)
    return follower

"""What a crash left behind is completed; what runs low or does not add up is told."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from palace3.kernel.errors import Refusal
from randomization.models import Allocation
from randomization.services.allocate import complete_allocation

log = logging.getLogger("palace3.randomization")


@transaction.atomic
def _waiting(before: datetime) -> list[Allocation]:
    waiting = Allocation.objects.unrevealed().filter(randomized_at__lte=before)
    return list(waiting.select_related("participant", "randomized_by"))


def sweep_unrevealed(*, at: datetime, older_than: timedelta = timedelta(0)) -> list[str]:
    """Every place taken before ``at`` - ``older_than`` has its arm; the numbers of participants completed.

    Acts in the name of the person who randomized: the act is theirs, only its second half came late.
    """
    completed = []
    for allocation in _waiting(at - older_than):
        number = allocation.participant.number
        try:
            complete_allocation(participant=allocation.participant, by=allocation.randomized_by, at=at)
        except Refusal:
            log.exception("allocation of %s could not be completed", number)
        else:
            completed.append(number)
    return completed

"""What a crash left behind is completed; what runs low or does not add up is told."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from audit.acts import open_act
from kernel.errors import Refusal
from randomization.allocation_list.monitoring import StratumBalance, balance_of
from randomization.models import Allocation, Scheme
from randomization.services.allocate import complete_allocation
from randomization.services.notices import tell_of_low_stratum

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


def alarm_low_strata(*, at: datetime) -> list[str]:
    """Statisticians hold a message about each stratum that runs low or does not add up, once per list size."""
    with transaction.atomic():
        scheme = Scheme.objects.in_force()
        low = [row for row in balance_of(scheme).strata if _alarms(row)] if scheme else []
        if low:
            with open_act("randomization:stratum:alarm", by=None, at=at):
                for row in low:
                    tell_of_low_stratum(row, at=at)
    return [row.stratum for row in low]


def _alarms(row: StratumBalance) -> bool:
    return row.runs_low or not row.adds_up

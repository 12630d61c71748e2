"""What data management has frozen and locked in the demonstration, and the lock of the database that it prepares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from crf.locks.conditions import failed_of
from crf.locks.scope import LockScope
from crf.locks.services import freeze_data, lock_data
from demo.simulation.sites import PASSWORD, Stage
from exports.database_lock.models import HandItem
from exports.database_lock.services import BEGIN, SETTLE, seen_of, take_database_step
from kernel.scope import EVERYTHING, scope
from trials.models import Participant
from trials.models.participants import TERMINAL

MOST = 12


def lock_some(stage: Stage, at: datetime) -> None:
    """Who has ended is locked where all is ready, else frozen; a lock of the database is begun."""
    by: dict[str, Any] = {"by": stage.central["data"]}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        people = Participant.objects.filter(state__in=TERMINAL).select_related("site").order_by("number")
        for number, person in enumerate(people[:MOST]):
            locked, moment = LockScope.of_participant(person), at - timedelta(hours=MOST - number)
            if not failed_of(locked, today=moment.date()):
                lock_data(scope=locked, at=moment, **by)
            elif not failed_of(locked, today=moment.date(), to_freeze=True):
                freeze_data(scope=locked, reason="Interim report to the committee", at=moment, **by)
        begun: dict[str, Any] = {"at": at - timedelta(hours=1), **by}
        purpose = "Interim report to the data monitoring committee"
        prepared = take_database_step(step=BEGIN, reason=purpose, **begun)
        take_database_step(
            step=SETTLE,
            seen=seen_of(prepared, at=begun["at"])[SETTLE],
            item=HandItem.LABORATORY,
            reason="Files of October compared with the panels, list 7",
            password=PASSWORD,
            **begun,
        )

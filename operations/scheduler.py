"""Beat's scheduler: a database that is away is waited for, and each round says that beat lives."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler
from psycopg import Error as ConnectionFault

from operations.services import note_alive

log = logging.getLogger(__name__)
BEAT = "beat"
SECONDS_UNTIL_NEXT_TRY = 5.0


class SteadyScheduler(DatabaseScheduler):
    """The scheduler that a fault of the database does not end, in whatever part of a round it comes."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Do one round; return the seconds until the next. A fault of the database leaves the round for later."""
        try:
            note_alive(BEAT, at=timezone.now())
            return float(super().tick(*args, **kwargs))
        except (DatabaseError, ConnectionFault) as fault:
            log.warning("beat.database_away: %s", type(fault).__name__)
            self._start_over()
            return SECONDS_UNTIL_NEXT_TRY

    def _start_over(self) -> None:
        """The next round has a connection of its own, and reads the schedule anew: no entry was lost in the middle."""
        for connection in connections.all(initialized_only=True):
            connection.close()
        self._schedule, self._initial_read = None, True
        self._heap = None

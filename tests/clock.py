"""The one clock of a test: it starts at the moment of the small trial, goes on by itself, and can be set.

Views, tasks, signed links, sessions and codes from an app all ask the process what time it is, so the
process is told, not each of them. PostgreSQL, other processes and a browser keep the machine's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
import time_machine

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 19, 17, 30, tzinfo=UTC)  # the sites have 20 November already, UTC has not


class Clock:
    """The clock that everything in this process reads."""

    def __init__(self, coordinates: time_machine.Coordinates) -> None:
        self._coordinates = coordinates

    def go(self, now: datetime) -> None:
        """It is ``now``, and time goes on from there."""
        self._coordinates.move_to(now, tick=True)

    def stop(self, now: datetime) -> None:
        """It is ``now``, and stays so."""
        self._coordinates.move_to(now, tick=False)

    def to_day(self, day: date, hour: int = 2) -> None:
        """It is ``day``, in the morning of the sites."""
        self.go(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 (the pinned clock itself)


@contextmanager
def clock_at(now: datetime) -> Iterator[None]:
    """Inside it is ``now``, and time goes on from there: for what is made once for several tests."""
    with time_machine.travel(now, tick=True):
        yield


_clocks: list[Clock] = []


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    """Every test begins at the moment at which ``tests.world`` stands, whatever the machine's date is."""
    with time_machine.travel(NOW, tick=True) as coordinates:
        _clocks.append(Clock(coordinates))
        yield _clocks[-1]
        _clocks.pop()


def clock_time() -> datetime:
    """What the clock of the running test shows; outside a test there is none, and this fails."""
    return _clocks[-1].now()

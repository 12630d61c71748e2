"""What runs by itself: finishing what a crash left, and telling in time that a stratum runs low."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from kernel.tasks import task
from randomization.services.sweep import alarm_low_strata, sweep_unrevealed


@task(name="randomization:sweep")
def sweep() -> list[str]:
    """Places taken more than a minute ago and not opened yet are opened now."""
    return sweep_unrevealed(at=timezone.now(), older_than=timedelta(minutes=1))


@task(name="randomization:alarm")
def alarm() -> list[str]:
    """Statisticians are told once of every stratum that runs low."""
    return alarm_low_strata(at=timezone.now())

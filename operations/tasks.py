"""What beat has done for the service itself."""

from __future__ import annotations

from django.utils import timezone

from kernel.tasks import task
from operations.alarms import tell_alarms
from operations.dead_man import call, is_withheld
from operations.services import hand_over_unsent


@task(name="operations:hand_over")
def hand_over() -> None:
    """Tasks that the broker did not take are with it."""
    hand_over_unsent()


@task(name="operations:alarm")
def alarm() -> None:
    """Whoever keeps the service knows by mail what is not well."""
    tell_alarms(at=timezone.now())


@task(name="operations:dead_man", retries=0)
def dead_man() -> None:
    """Whoever watches from outside has heard that beat and a worker live, and that mails can leave."""
    if not is_withheld(at=timezone.now()):
        call()

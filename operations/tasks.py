"""What beat has done for the service itself."""

from __future__ import annotations

from kernel.tasks import task
from operations.dead_man import call
from operations.services import hand_over_unsent


@task(name="operations:hand_over")
def hand_over() -> None:
    """Tasks that the broker did not take are with it."""
    hand_over_unsent()


@task(name="operations:dead_man", retries=0)
def dead_man() -> None:
    """Whoever watches from outside has heard that beat and a worker live."""
    call()

"""What beat has done for the service itself."""

from __future__ import annotations

from kernel.tasks import task
from operations.services import hand_over_unsent


@task(name="operations:hand_over")
def hand_over() -> None:
    """Tasks that the broker did not take are with it."""
    hand_over_unsent()

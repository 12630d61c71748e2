"""Messages leave the house by themselves."""

from __future__ import annotations

from django.utils import timezone

from accounts.outbox import send_waiting
from kernel.tasks import task


@task(name="accounts:send_mail")
def send_mail() -> None:
    """Every message that waits is sent once; a run while the server is away leaves them for the next."""
    send_waiting(at=timezone.now())

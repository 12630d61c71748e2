"""What happens by itself about contact requests and news. Each task may run twice with the same result."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from kernel.tasks import task
from trials.models import ContactRequest
from website.services.erasing import erase_in_time
from website.services.escalating import escalate_late_requests
from website.services.limits import forget_sendings
from website.services.news import forget_readers, send_letter_to_readers


@task(name="trials:escalate_requests")
def escalate_requests() -> None:
    """Whoever should know has a notice of each request that nobody has called in time, once."""
    escalate_late_requests(at=timezone.now())


@task(name="trials:forget")
def forget() -> None:
    """Identities, readers and marks whose time has come are gone."""
    now = timezone.now()
    with transaction.atomic():
        kept = list(ContactRequest.objects.filter(erased_at=None).order_by("pk"))
    for request in kept:
        erase_in_time(request=request, at=now)
    forget_readers(at=now)
    with transaction.atomic():
        forget_sendings(at=now)


@task(name="trials:send_letter")
def send_letter(letter_pk: int) -> None:
    """Every confirmed reader has the released letter in the outbox, once."""
    send_letter_to_readers(letter_pk=letter_pk, at=timezone.now())

"""What happens by itself about participants. Each task may run twice with the same result."""

from __future__ import annotations

from django.utils import timezone

from kernel.tasks import task
from trials.services.same_person import compare_identities


@task(name="trials:compare_identities")
def compare() -> None:
    """Two participants that may be one person stand in question, once."""
    compare_identities(at=timezone.now())

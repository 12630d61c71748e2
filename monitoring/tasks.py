"""Central monitoring is worked out each night."""

from __future__ import annotations

from django.utils import timezone

from kernel.tasks import task
from monitoring.services import work_out


@task(name="monitoring:work_out")
def work_out_indicators() -> None:
    """The indicators of every site are those of tonight, and what lies outside is a finding."""
    work_out(at=timezone.now())

"""Reports over many participants are worked out by the worker."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from analysis.background.results import ReportRequest
from analysis.background.services import work_out_report
from kernel.tasks import task


@task(name="analysis:work_out")
def work_out(told: dict[str, Any]) -> None:
    """The report that was asked for is kept, or that it was cancelled, or that it failed."""
    work_out_report(asked=ReportRequest.of(told), at=timezone.now())

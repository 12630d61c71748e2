"""The background tasks, as the trial manager watches them."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup.monitor import outbox, watched_tasks


@requires(Permission.TASK_WATCH)
def tasks(request: PersonRequest) -> HttpResponse:
    """Show every task with its last run and its next, and the outgoing mail."""
    now = timezone.now()
    context = {"tasks": watched_tasks(at=now), "outbox": outbox(at=now), "now": now}
    return render(request, "followup/tasks.html", context)

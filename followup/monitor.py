"""What is known of the background tasks: when each ran, for how long, how it ended, when it runs next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.db.models.functions import Greatest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from accounts.models import Mail
from accounts.outbox import TRIES
from followup.models import TaskRun
from followup.services.task_runs import DONE

SAID: Final[dict[str, Promise]] = {
    "accounts:send_mail": _("Sends the mails that wait"),
    "audit:alarm": _("Warns when the audit trail is not sealed"),
    "audit:anchor": _("Sends the digest of the audit trail out"),
    "audit:seal": _("Seals the audit trail"),
    "crf:attachments": _(
        "Compares attached files with their digests, and deletes those that nobody answered for"
    ),
    "audit:verify": _("Verifies the audit trail and sends its digest out"),
    "crf:catch_up": _("Brings a participant up to date after their data were unlocked"),
    "crf:compare_expected": _("Compares the forms that visits expect with a fresh computation"),
    "crf:judge_day": _("Judges the records of every site by the new calendar day"),
    "crf:judge_day_of_site": _("Judges the records of a site by the new calendar day"),
    "analysis:work_out": _("Works out a report over many participants"),
    "committee:look_after": _("Takes up committee packs that nobody makes"),
    "committee:make": _("Makes a committee pack"),
    "monitoring:work_out": _("Works out the indicators of central monitoring"),
    "crf:run_checks": _("Judges all stored data by the checks of today"),
    "crf:verify_derived": _("Compares derived answers and queries with a fresh evaluation"),
    "exports:casebooks": _("Makes casebooks of an export"),
    "exports:look_after": _("Takes up exports that nobody writes, and deletes files whose time is over"),
    "exports:site_copies": _("Goes on with copies for sites that are closed out, and deletes old ones"),
    "exports:site_copy": _("Makes the copy of the records for a site"),
    "exports:take_due": _("Takes saved exports that are due"),
    "exports:write": _("Writes an export"),
    "followup:carry_version": _("Carries a new protocol version to the visits of a participant"),
    "followup:carry_versions": _("Finds participants whose visits follow an older protocol version"),
    "followup:escalate": _("Looks for overdue items at every site"),
    "followup:escalate_site": _("Escalates overdue items at a site"),
    "followup:remind": _("Reminds every site of its visits"),
    "followup:remind_site": _("Reminds a site of its visits"),
    "followup:roll": _("Opens and closes the windows of the day at every site"),
    "followup:roll_site": _("Opens and closes the windows of the day at a site"),
    "notices:second_person": _("Tells people what waits for them as the second person"),
    "operations:alarm": _("Tells whoever keeps the service what is not well"),
    "operations:dead_man": _("Tells the watch outside that beat and worker live"),
    "operations:hand_over": _("Hands over tasks that the broker did not take"),
    "randomization:alarm": _("Warns when a randomization list runs low"),
    "randomization:sweep": _("Completes allocations that were interrupted"),
    "trials:compare_identities": _("Notices participants that may be registered twice"),
    "trials:escalate_requests": _("Escalates contact requests that nobody has called"),
    "trials:forget": _("Erases who sent contact requests when their time is over"),
    "trials:send_letter": _("Sends a news letter to its readers"),
}
OWN_TASKS = "celery."


@dataclass(frozen=True)
class Watched:
    """One task: its last run, if it ever ran, and its next, if it is scheduled."""

    name: str
    run: TaskRun | None
    next_at: datetime | None
    is_late: bool

    @property
    def said(self) -> str | Promise:
        """What the task does, as its watcher would say it."""
        return SAID.get(self.name, "")

    @property
    def state(self) -> str:
        if self.run is None:
            return "never"
        return "late" if self.is_late and self.run.outcome == DONE else self.run.outcome


def watched_tasks(*, at: datetime) -> list[Watched]:
    """Return every task that is scheduled or ever ran, by name."""
    runs = {run.task: run for run in TaskRun.objects.all()}
    scheduled = {
        entry.task: entry
        for entry in PeriodicTask.objects.filter(enabled=True).select_related("crontab", "interval")
        if not entry.task.startswith(OWN_TASKS)
    }
    return [
        _watched(name, runs.get(name), scheduled.get(name), at)
        for name in sorted(runs.keys() | scheduled.keys())
    ]


def _watched(name: str, run: TaskRun | None, entry: Any, at: datetime) -> Watched:
    if entry is None:
        return Watched(name, run, None, False)
    since = run.started_at if run is not None and run.started_at else entry.last_run_at or entry.date_changed
    next_at = _next(entry, since)
    return Watched(name, run, next_at, next_at + timedelta(minutes=10) < at)


def _next(entry: Any, since: datetime) -> datetime:
    """Return when the schedule comes round after ``since``."""
    last, wait, _now = (
        entry.schedule.remaining_delta(since)
        if hasattr(entry.schedule, "remaining_delta")
        else (since, entry.schedule.run_every, since)
    )
    due: datetime = last + wait
    return due


@dataclass(frozen=True)
class Outbox:
    """How the outgoing mail stands."""

    waiting: int
    oldest: datetime | None
    given_up: int


def outbox(*, at: datetime) -> Outbox:
    """Return how many messages wait, since when, and how many were refused so often that they rest.

    What waits for the hour of its digest is not late.
    """
    due = Q(digest_at=None) | Q(digest_at__lte=at)
    unsent = Mail.objects.filter(due, sent_at=None, dropped_at=None)
    waiting = unsent.filter(attempts__lt=TRIES)
    since = Greatest("created_at", "digest_at")  # of PostgreSQL: without those that are null
    oldest = waiting.order_by(since).values_list(since, flat=True).first()
    return Outbox(waiting.count(), oldest, unsent.filter(attempts__gte=TRIES).count())

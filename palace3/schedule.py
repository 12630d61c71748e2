"""What beat starts by itself, and when (UTC). Each task may run twice with the same result."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "seal what was written": {"task": "audit:seal", "schedule": crontab(minute="*/5")},
    "open places that a crash left taken": {"task": "randomization:sweep", "schedule": crontab(minute="*")},
    "tell of strata that run low": {"task": "randomization:alarm", "schedule": crontab(minute="7")},
    "roll the visits of each site to its own day": {"task": "followup:roll", "schedule": crontab(minute=5)},
    "write each site's digest from eight in the morning on": {
        "task": "followup:remind",
        "schedule": crontab(minute="0,30"),
    },
    "carry on with protocol versions that were opened": {
        "task": "followup:carry_versions",
        "schedule": crontab(minute="*/10"),
    },
    "tell up the ladder what waits too long": {
        "task": "followup:escalate",
        "schedule": crontab(minute="10,40"),
    },
    "tell of contact requests that nobody has called": {
        "task": "trials:escalate_requests",
        "schedule": crontab(minute="15,45"),
    },
    "erase who asked for a call or for news once the time has come": {
        "task": "trials:forget",
        "schedule": crontab(minute=25),
    },
    "send what waits in the outbox": {"task": "accounts:send_mail", "schedule": crontab()},
}

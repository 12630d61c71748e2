"""What beat starts by itself, and when (UTC). Each task may run twice with the same result."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "Seal the audit trail": {"task": "audit:seal", "schedule": crontab(minute="*/5")},
    "Verify the audit trail and send its digest out": {
        "task": "audit:verify",
        "schedule": crontab(hour=17, minute=40),
    },
    "Warn when the audit trail is not sealed": {"task": "audit:alarm", "schedule": crontab(minute="20,50")},
    "Complete interrupted allocations": {"task": "randomization:sweep", "schedule": crontab(minute="*")},
    "Warn when a stratum runs low": {"task": "randomization:alarm", "schedule": crontab(minute="7")},
    "Update visit states at each site": {"task": "followup:roll", "schedule": crontab(minute=5)},
    "Write reminders and site notices": {
        "task": "followup:remind",
        "schedule": crontab(minute="0,30"),
    },
    "Migrate participants to opened protocol versions": {
        "task": "followup:carry_versions",
        "schedule": crontab(minute="*/10"),
    },
    "Tell second persons what waits for them": {
        "task": "notices:second_person",
        "schedule": crontab(minute="*/5"),
    },
    "Escalate overdue items": {
        "task": "followup:escalate",
        "schedule": crontab(minute="10,40"),
    },
    "Escalate contact requests without a call": {
        "task": "trials:escalate_requests",
        "schedule": crontab(minute="15,45"),
    },
    "Erase contact data whose retention has ended": {
        "task": "trials:forget",
        "schedule": crontab(minute=25),
    },
    "Notice who is registered twice": {
        "task": "trials:compare_identities",
        "schedule": crontab(hour=19, minute=40),
    },
    "Judge records by the new calendar day": {
        "task": "crf:judge_day",
        "schedule": crontab(hour=17, minute=10),
    },
    "Compare derived answers with a fresh evaluation": {
        "task": "crf:verify_derived",
        "schedule": crontab(hour=18, minute=10),
    },
    "Compare expected forms with a fresh computation": {
        "task": "crf:compare_expected",
        "schedule": crontab(hour=19, minute=10),
    },
    "Judge all stored data by the checks of today": {
        "task": "crf:run_checks",
        "schedule": crontab(hour=18, minute=40),
    },
    "Compare attached files with their digests": {
        "task": "crf:attachments",
        "schedule": crontab(hour=19, minute=40),
    },
    "Go on with copies for sites, and delete those whose time is over": {
        "task": "exports:site_copies",
        "schedule": crontab(minute="*/10"),
    },
    "Tell the watch outside that we live": {"task": "operations:dead_man", "schedule": crontab(minute="*/5")},
    "Tell whoever keeps the service what is not well": {
        "task": "operations:alarm",
        "schedule": crontab(minute="*/5"),
    },
    "Hand over tasks that the broker did not take": {"task": "operations:hand_over", "schedule": crontab()},
    "Take up exports that nobody writes, and delete files whose time is over": {
        "task": "exports:look_after",
        "schedule": crontab(minute="*/5"),
    },
    "Make committee packs that nobody makes": {
        "task": "committee:look_after",
        "schedule": crontab(minute="*/5"),
    },
    "Work out central monitoring": {"task": "monitoring:work_out", "schedule": crontab(hour=20, minute=10)},
    "Take saved exports that are due": {
        "task": "exports:take_due",
        "schedule": crontab(minute=35),
    },
    "Send mail from the outbox": {"task": "accounts:send_mail", "schedule": crontab()},
}

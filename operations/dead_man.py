"""The call that stops when we do: whoever hears nothing for a while raises the alarm, by a way that is not ours."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from operations.watching import NOT_TOLD_BY_MAIL, WatchLevel, readings

log = logging.getLogger(__name__)
SECONDS = 10


def is_withheld(*, at: datetime) -> bool:
    """Say whether something is critical that an alarm by mail may not get past: then silence is the alarm."""
    critical = [
        each.name for each in readings(at=at, only=NOT_TOLD_BY_MAIL) if each.level is WatchLevel.CRITICAL
    ]
    if critical:
        log.warning("dead_man.withheld: %s", ", ".join(critical))
    return bool(critical)


def call() -> bool:
    """Ask the address of the watch once, and send nothing; say whether it answered."""
    if urlsplit(settings.DEAD_MAN_URL).scheme not in {"http", "https"}:
        return False
    try:
        with urllib.request.urlopen(settings.DEAD_MAN_URL, timeout=SECONDS) as answer:  # noqa: S310 (looked at above)
            return 200 <= answer.status < 300
    except (urllib.error.URLError, OSError) as fault:
        log.warning("dead_man.silent: %s", type(fault).__name__)
        return False

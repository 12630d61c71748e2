"""How the service does: each reading says a name, a state and what was seen, and never a participant or an arm.

One list serves ``manage.py watch``, ``/readyz``, ``/metrics`` and the qualification.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from audit.models import Act, Seal
from exports.models import Export, ExportState
from followup.monitor import outbox, watched_tasks
from kernel.scope import EVERYTHING, scope
from operations.models import Heartbeat, OperationKind, OperationRecord, UnsentTask
from operations.scheduler import BEAT
from randomization.allocation_list.monitoring import balance_of
from randomization.models import Scheme

BEAT_SILENT_AFTER: Final = timedelta(minutes=3)
MAIL_WAITS_AT_MOST: Final = timedelta(minutes=10)
EXPORT_WAITS_AT_MOST: Final = timedelta(minutes=10)
SEALED_WITHIN: Final = timedelta(minutes=20)
CLOCK_APART: Final = timedelta(seconds=5)
LONGEST_QUEUE: Final = 500
FREE_PART: Final = 0.1


class WatchLevel(IntEnum):
    """As Nagios counts them."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True)
class Reading:
    """One thing that was asked: how it is, what was seen, and the figure behind it."""

    name: str
    level: WatchLevel
    seen: str
    value: float | None = None


def readings(*, at: datetime, only: frozenset[str] = frozenset()) -> list[Reading]:
    """Return every reading, or those named; one that cannot be taken is unknown and stops no other."""
    return [_taken(name, ask, at) for name, ask in ASKED.items() if not only or name in only]


def _taken(
    name: str, ask: Callable[[datetime], tuple[WatchLevel, str, float | None]], at: datetime
) -> Reading:
    try:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            return Reading(name, *ask(at))
    except (DatabaseError, OSError, redis.RedisError) as fault:
        return Reading(name, WatchLevel.UNKNOWN, f"could not be asked: {type(fault).__name__}")


def _database_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def clock(at: datetime) -> tuple[WatchLevel, str, float | None]:
    begun = time.monotonic()
    stored = _database_clock()
    halfway = timedelta(seconds=(time.monotonic() - begun) / 2)
    apart = stored + halfway - timezone.now()
    seconds = apart.total_seconds()
    said = f"this machine's clock is {abs(seconds):.1f} s {'behind' if seconds > 0 else 'ahead of'} the database's"
    return WatchLevel.CRITICAL if abs(apart) > CLOCK_APART else WatchLevel.OK, said, seconds


def broker(at: datetime) -> tuple[WatchLevel, str, float | None]:
    client = redis.Redis.from_url(settings.BROKER_URL, socket_timeout=2, retry=Retry(NoBackoff(), 0))
    try:
        waiting = int(client.llen("celery"))
    except redis.RedisError as fault:
        return WatchLevel.CRITICAL, f"no answer: {type(fault).__name__}", None
    finally:
        client.close()
    return WatchLevel.WARNING if waiting > LONGEST_QUEUE else WatchLevel.OK, f"{waiting} tasks wait", waiting


def beat(at: datetime) -> tuple[WatchLevel, str, float | None]:
    heard = Heartbeat.objects.filter(name=BEAT).values_list("at", flat=True).first()
    return _age("last heard of", heard, at, BEAT_SILENT_AFTER)


def unsent_tasks(at: datetime) -> tuple[WatchLevel, str, float | None]:
    waiting = UnsentTask.objects.count()
    return WatchLevel.WARNING if waiting else WatchLevel.OK, f"{waiting} tasks wait for the broker", waiting


def tasks(at: datetime) -> tuple[WatchLevel, str, float | None]:
    watched = watched_tasks(at=at)
    late = [each.name for each in watched if each.state == "late"]
    failed = [each.name for each in watched if each.state == "failed"]
    said = f"late: {', '.join(late) or 'none'}; failed last time: {', '.join(failed) or 'none'}"
    return (
        WatchLevel.CRITICAL if late else WatchLevel.WARNING if failed else WatchLevel.OK,
        said,
        len(late) + len(failed),
    )


def mail(at: datetime) -> tuple[WatchLevel, str, float | None]:
    box = outbox()
    waits = (at - box.oldest) if box.oldest else timedelta()
    said = f"{box.waiting} wait, the oldest {_minutes(waits)}; {box.given_up} were given up"
    level = (
        WatchLevel.CRITICAL
        if waits > MAIL_WAITS_AT_MOST
        else WatchLevel.WARNING
        if box.given_up
        else WatchLevel.OK
    )
    return level, said, waits.total_seconds()


def queued_exports(at: datetime) -> tuple[WatchLevel, str, float | None]:
    waiting = Export.objects.filter(
        state=ExportState.QUEUED, requested_at__lt=at - EXPORT_WAITS_AT_MOST
    ).count()
    return (
        WatchLevel.WARNING if waiting else WatchLevel.OK,
        f"{waiting} exports wait for over ten minutes",
        waiting,
    )


def seals(at: datetime) -> tuple[WatchLevel, str, float | None]:
    last = Seal.objects.order_by("-last_act").values_list("last_act", flat=True).first() or 0
    oldest = Act.objects.filter(pk__gt=last).order_by("pk").values_list("stored_at", flat=True).first()
    waits = max(_database_clock() - oldest, timedelta()) if oldest else timedelta()
    level = WatchLevel.CRITICAL if waits > SEALED_WITHIN else WatchLevel.OK
    return level, f"the oldest act without a seal is {_minutes(waits)} old", waits.total_seconds()


def backup(at: datetime) -> tuple[WatchLevel, str, float | None]:
    return _age("last good one", _last(OperationKind.BACKUP), at, timedelta(hours=settings.BACKUP_HOURS))


def restore_drill(at: datetime) -> tuple[WatchLevel, str, float | None]:
    return _age("last good one", _last(OperationKind.RESTORE_DRILL), at, timedelta(days=settings.DRILL_DAYS))


def randomization_list(at: datetime) -> tuple[WatchLevel, str, float | None]:
    """Say how many strata run low or do not add up: no stratum, no place and no arm."""
    scheme = Scheme.objects.in_force()
    low = sum(row.runs_low or not row.adds_up for row in balance_of(scheme).strata) if scheme else 0
    return WatchLevel.WARNING if low else WatchLevel.OK, f"{low} strata run low or do not add up", low


def disk(at: datetime) -> tuple[WatchLevel, str, float | None]:
    parts = {place: free_part(place) for place in _places()}
    said = "; ".join(f"{place}: {part:.0%} free" for place, part in parts.items())
    least = min(parts.values())
    level = (
        WatchLevel.CRITICAL
        if least < FREE_PART / 2
        else WatchLevel.WARNING
        if least < FREE_PART
        else WatchLevel.OK
    )
    return level, said, least


def storage(at: datetime) -> tuple[WatchLevel, str, float | None]:
    shut = [str(place) for place in _places() if not os.access(place, os.W_OK)]
    said = f"not writable: {', '.join(shut)}" if shut else "export and backup folders are writable"
    return WatchLevel.CRITICAL if shut else WatchLevel.OK, said, len(shut)


def free_part(place: Path) -> float:
    usage = shutil.disk_usage(place)
    return usage.free / usage.total


def _places() -> Iterator[Path]:
    for wanted in (Path(settings.MEDIA_ROOT), Path(settings.BACKUP_DIR)):
        place = wanted
        while not place.exists():
            place = place.parent
        yield place


def _last(kind: OperationKind) -> datetime | None:
    rows = OperationRecord.objects.filter(kind=kind, passed=True)
    return rows.order_by("-ended_at").values_list("ended_at", flat=True).first()


def _age(
    what: str, moment: datetime | None, at: datetime, longest: timedelta
) -> tuple[WatchLevel, str, float | None]:
    if moment is None:
        return WatchLevel.CRITICAL, "never", None
    age = at - moment
    level = WatchLevel.CRITICAL if age > longest else WatchLevel.OK
    return level, f"{what} {_minutes(age)} ago", age.total_seconds()


def _minutes(length: timedelta) -> str:
    minutes = max(0, int(length.total_seconds() // 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


AskedReading = Callable[[datetime], tuple[WatchLevel, str, "float | None"]]
ASKED: dict[str, AskedReading] = {
    "clock": clock,
    "broker": broker,
    "beat": beat,
    "tasks": tasks,
    "unsent_tasks": unsent_tasks,
    "mail": mail,
    "queued_exports": queued_exports,
    "seals": seals,
    "backup": backup,
    "restore_drill": restore_drill,
    "randomization_list": randomization_list,
    "disk": disk,
    "storage": storage,
}
DEGRADES: frozenset[str] = frozenset({"broker", "beat", "mail", "tasks"})
__all__ = ["ASKED", "DEGRADES", "Reading", "WatchLevel", "readings"]

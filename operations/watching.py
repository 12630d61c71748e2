"""How the service does: each reading says a name, a state and what was seen, and never a participant or an arm.

One list serves ``manage.py watch``, ``/readyz``, ``/metrics``, the alarms, the page *Service* and the qualification.
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
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext, pgettext
from redis.backoff import NoBackoff
from redis.retry import Retry

from audit.models import Act, Anchor, Seal
from exports.models import Export, ExportState
from followup.monitor import outbox, watched_tasks
from kernel.punctuation import listed, listed_apart
from kernel.scope import EVERYTHING, scope
from operations.certificate import days_left
from operations.models import Heartbeat, OperationKind, OperationRecord, UnsentTask
from operations.scheduler import BEAT
from randomization.allocation_list.monitoring import balance_of
from randomization.models import Scheme

BEAT_SILENT_AFTER: Final = timedelta(minutes=3)
MAIL_WAITS_AT_MOST: Final = timedelta(minutes=10)
EXPORT_WAITS_AT_MOST: Final = timedelta(minutes=10)
SEALED_WITHIN: Final = timedelta(minutes=20)
ANCHORED_WITHIN: Final = timedelta(hours=26)
CERTIFICATE_DAYS: Final = 14
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
        return Reading(
            name, WatchLevel.UNKNOWN, _("could not be asked: {fault}").format(fault=type(fault).__name__)
        )


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
    said = (
        _("this machine's clock is {seconds} s behind the database's")
        if seconds > 0
        else _("this machine's clock is {seconds} s ahead of the database's")
    ).format(seconds=f"{abs(seconds):.1f}")
    return WatchLevel.CRITICAL if abs(apart) > CLOCK_APART else WatchLevel.OK, said, seconds


def broker(at: datetime) -> tuple[WatchLevel, str, float | None]:
    client = redis.Redis.from_url(settings.BROKER_URL, socket_timeout=2, retry=Retry(NoBackoff(), 0))
    try:
        waiting = int(client.llen("celery"))
    except redis.RedisError as fault:
        return WatchLevel.CRITICAL, _("no answer: {fault}").format(fault=type(fault).__name__), None
    finally:
        client.close()
    return (
        WatchLevel.WARNING if waiting > LONGEST_QUEUE else WatchLevel.OK,
        _("{count} tasks wait").format(count=waiting),
        waiting,
    )


def beat(at: datetime) -> tuple[WatchLevel, str, float | None]:
    heard = Heartbeat.objects.filter(name=BEAT).values_list("at", flat=True).first()
    return _age(_("last heard of {age} ago"), heard, at, BEAT_SILENT_AFTER)


def unsent_tasks(at: datetime) -> tuple[WatchLevel, str, float | None]:
    waiting = UnsentTask.objects.count()
    return (
        WatchLevel.WARNING if waiting else WatchLevel.OK,
        _("{count} tasks wait for the broker").format(count=waiting),
        waiting,
    )


def tasks(at: datetime) -> tuple[WatchLevel, str, float | None]:
    watched = watched_tasks(at=at)
    late = [each.name for each in watched if each.state == "late"]
    failed = [each.name for each in watched if each.state == "failed"]
    none = _("none")
    said = _("late: {late}; failed last time: {failed}").format(
        late=listed(late) or none, failed=listed(failed) or none
    )
    return (
        WatchLevel.CRITICAL if late else WatchLevel.WARNING if failed else WatchLevel.OK,
        said,
        len(late) + len(failed),
    )


def mail(at: datetime) -> tuple[WatchLevel, str, float | None]:
    box = outbox(at=at)
    waits = (at - box.oldest) if box.oldest else timedelta()
    said = _("{count} wait, the oldest {age}; {given_up} were given up").format(
        count=box.waiting, age=_minutes(waits), given_up=box.given_up
    )
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
        _("{count} exports wait for over ten minutes").format(count=waiting),
        waiting,
    )


def seals(at: datetime) -> tuple[WatchLevel, str, float | None]:
    last = Seal.objects.order_by("-last_act").values_list("last_act", flat=True).first() or 0
    oldest = Act.objects.filter(pk__gt=last).order_by("pk").values_list("stored_at", flat=True).first()
    waits = max(_database_clock() - oldest, timedelta()) if oldest else timedelta()
    level = WatchLevel.CRITICAL if waits > SEALED_WITHIN else WatchLevel.OK
    return (
        level,
        _("the oldest act without a seal is {age} old").format(age=_minutes(waits)),
        waits.total_seconds(),
    )


def anchors(at: datetime) -> tuple[WatchLevel, str, float | None]:
    """Say when the digest of the trail last went out; a trail that began today has not had its night yet."""
    last = Anchor.objects.order_by("-made_at").values_list("made_at", flat=True).first()
    if last is None:
        first = Act.objects.order_by("pk").values_list("stored_at", flat=True).first()
        if first is None or at - first < ANCHORED_WITHIN:
            return WatchLevel.OK, _("none is due yet"), None
    return _age(_("last sent out {age} ago"), last, at, ANCHORED_WITHIN)


def certificate(at: datetime) -> tuple[WatchLevel, str, float | None]:
    days = days_left(at=at)
    if days is None:
        return WatchLevel.OK, _("the public address has none"), None
    said = ngettext("it holds for {count} day", "it holds for {count} days", days).format(count=days)
    level = (
        WatchLevel.CRITICAL
        if days < CERTIFICATE_DAYS / 4
        else WatchLevel.WARNING
        if days < CERTIFICATE_DAYS
        else WatchLevel.OK
    )
    return level, said, days


def backup(at: datetime) -> tuple[WatchLevel, str, float | None]:
    return _age(
        _("last good one {age} ago"), _last(OperationKind.BACKUP), at, timedelta(hours=settings.BACKUP_HOURS)
    )


def restore_drill(at: datetime) -> tuple[WatchLevel, str, float | None]:
    return _age(
        _("last good one {age} ago"),
        _last(OperationKind.RESTORE_DRILL),
        at,
        timedelta(days=settings.DRILL_DAYS),
    )


def randomization_list(at: datetime) -> tuple[WatchLevel, str, float | None]:
    """Say how many strata run low or do not add up: no stratum, no place and no arm."""
    scheme = Scheme.objects.in_force()
    low = sum(row.runs_low or not row.adds_up for row in balance_of(scheme).strata) if scheme else 0
    return (
        WatchLevel.WARNING if low else WatchLevel.OK,
        _("{count} strata run low or do not add up").format(count=low),
        low,
    )


def disk(at: datetime) -> tuple[WatchLevel, str, float | None]:
    parts = {place: free_part(place) for place in _places()}
    said = listed_apart(
        _("{place}: {part} free").format(place=place, part=f"{part:.0%}") for place, part in parts.items()
    )
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
    said = (
        _("not writable: {places}").format(places=listed(shut))
        if shut
        else _("export and backup folders are writable")
    )
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
        return WatchLevel.CRITICAL, pgettext("reading", "never"), None
    age = at - moment
    level = WatchLevel.CRITICAL if age > longest else WatchLevel.OK
    return level, what.format(age=_minutes(age)), age.total_seconds()


def _minutes(length: timedelta) -> str:
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 120:
        return ngettext("{count} min", "{count} min", minutes).format(count=minutes)
    return ngettext("{count} h", "{count} h", minutes // 60).format(count=minutes // 60)


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
    "anchors": anchors,
    "certificate": certificate,
    "backup": backup,
    "restore_drill": restore_drill,
    "randomization_list": randomization_list,
    "disk": disk,
    "storage": storage,
}
SAID: Final[dict[str, Promise]] = {
    "clock": _lazy("Clock of this machine"),
    "broker": _lazy("Broker and its queue"),
    "beat": _lazy("Scheduler"),
    "tasks": _lazy("Scheduled tasks"),
    "unsent_tasks": _lazy("Tasks that wait for the broker"),
    "mail": _lazy("Outgoing mail"),
    "queued_exports": _lazy("Exports that wait"),
    "seals": _lazy("Seals of the audit trail"),
    "anchors": _lazy("Digest of the audit trail sent out"),
    "certificate": _lazy("Certificate of the public address"),
    "backup": _lazy("Backup"),
    "restore_drill": _lazy("Restore drill"),
    "randomization_list": _lazy("Randomization list"),
    "disk": _lazy("Disk"),
    "storage": _lazy("Folders"),
}
# What may keep an alarm by mail from leaving, or from being written at all: the watch outside is not called meanwhile.
NOT_TOLD_BY_MAIL: frozenset[str] = frozenset({"mail", "tasks", "clock", "disk", "storage"})
DEGRADES: frozenset[str] = frozenset({"broker", "beat", "mail", "tasks"})
__all__ = ["ASKED", "DEGRADES", "NOT_TOLD_BY_MAIL", "SAID", "Reading", "WatchLevel", "readings"]

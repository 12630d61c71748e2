"""Everything that is written about the service itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from audit.acts import open_act
from kernel.scope import EVERYTHING, scope
from kernel.tasks import deliver
from operations.models import Alarm, Heartbeat, OperationKind, OperationRecord, UnsentTask


@dataclass(frozen=True)
class QualificationFinding:
    """One thing that was looked at: its name, whether it is in order, and what was seen."""

    name: str
    is_well: bool
    seen: str = ""


@dataclass(frozen=True)
class OperationFile:
    """The file that an operation wrote or read."""

    digest: str = ""
    size: int = 0


def note_alive(name: str, *, at: datetime) -> None:
    """The process said at ``at`` that it lives. Refuses: nothing. Locks: its row."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        Heartbeat.objects.update_or_create(name=name, defaults={"at": at})


def keep_unsent(task: str, arguments: Sequence[Any]) -> None:
    """The task waits here until the broker takes it. Refuses: nothing. Locks: nothing."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        UnsentTask.objects.get_or_create(task=task, arguments=list(arguments))


def hand_over_unsent(limit: int = 500) -> int:
    """Every task that waited is with the broker, until it takes no more; return how many it took.

    One that a crash has handed over twice runs twice, which every task bears.
    Refuses: nothing. Locks: each task that waits.
    """
    sent = 0
    for _each in range(limit):
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            row = UnsentTask.objects.select_for_update(skip_locked=True).order_by("pk").first()
            if row is None or not deliver(row.task, row.arguments):
                return sent
            row.delete()
        sent += 1
    return sent


def note_alarms(levels: Mapping[str, int], *, over: Collection[str], at: datetime) -> None:
    """These readings were told at ``at`` to be not well, and those that are over are forgotten.

    Refuses: nothing. Locks: nothing; whoever calls it holds the alarms.
    """
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        Alarm.objects.filter(reading__in=over).delete()
        for name, level in levels.items():
            alarm, is_new = Alarm.objects.get_or_create(
                reading=name, defaults={"level": level, "since": at, "told_at": at}
            )
            if not is_new:
                alarm.level, alarm.told_at = level, at
                alarm.save(update_fields=["level", "told_at"])


def record_operation(
    kind: OperationKind,
    *,
    took: timedelta,
    findings: Sequence[QualificationFinding],
    by: User | None,
    at: datetime,
    file: OperationFile = OperationFile(),
    papers: tuple[bytes, bytes] | None = None,
) -> OperationRecord:
    """What began at ``at`` is on record with what was found; it passed if all is well.

    Refuses: nothing. Locks: nothing.
    """
    with open_act(f"operations:{kind.value}:record", by=by, at=at) as act:
        return OperationRecord.objects.create(
            kind=kind,
            started_at=at,
            ended_at=at + took,
            passed=bool(findings) and all(finding.is_well for finding in findings),
            findings=[asdict(finding) for finding in findings],
            digest=file.digest,
            size=file.size,
            paper_en=papers[0] if papers else None,
            paper_zh=papers[1] if papers else None,
            act=act,
        )

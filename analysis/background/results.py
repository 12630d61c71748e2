"""What is asked of a report and what is kept of it: result, progress and end, in the cache that all processes share.

A result is derived, never the only copy of anything: what the cache drops is worked out again (ADR 51).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.core.cache import cache

KEPT_SECONDS: Final = 7 * 24 * 3600
TOLD: Final = 2  # raised when a report tells less: what an earlier release kept is shown to nobody
SILENT_SECONDS: Final = 15 * 60  # nothing told for so long: whoever worked it out has stopped


class WorkCancelledError(Exception):
    """Somebody cancelled the report while it was worked out."""


class WorkEnd(StrEnum):
    """How the working out of a report ended without a result."""

    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class ReportRequest:
    """What a report depends on: its name, the sites that are counted, cut, language and what the address chose."""

    report: str
    sites: tuple[tuple[int, str], ...]
    cut_name: str
    language: str
    choices: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return the digest under which everything about it is kept."""
        told = json.dumps([TOLD, asdict(self)], sort_keys=True)
        return f"report:{hashlib.sha256(told.encode()).hexdigest()}"

    @property
    def keys_of_sites(self) -> list[int]:
        return [pk for pk, _code in self.sites]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> ReportRequest:
        """Return the request that was sent as ``as_json`` gave it."""
        return cls(**{**told, "sites": tuple((pk, code) for pk, code in told["sites"])})


@dataclass(frozen=True)
class ReportResult:
    """What was worked out, and the moment of its data."""

    content: Any
    as_of: datetime


@dataclass(frozen=True)
class ReportProgress:
    """So many participants are read, of so many."""

    done: int
    of: int


@dataclass(frozen=True)
class ReportStanding:
    """How a report stands with the worker: the last result, how far a new one is, how the last try ended."""

    result: ReportResult | None
    progress: ReportProgress | None
    ended: WorkEnd | None
    is_silent: bool = False

    @property
    def seen(self) -> str:
        """Return what a page that waits shows of it, to be compared."""
        done = self.progress.done if self.progress else "-"
        return f"{done}:{self.ended or ''}:{self.result.as_of.isoformat() if self.result else ''}"


def standing_of(asked: ReportRequest) -> ReportStanding:
    """Return what is known of a report; one of which nothing was told for long has stopped."""
    told, begun = cache.get(f"{asked.key}:progress"), cache.get(f"{asked.key}:begun")
    ended = cache.get(f"{asked.key}:ended")
    return ReportStanding(
        cache.get(f"{asked.key}:result"),
        ReportProgress(*told) if told else None,
        WorkEnd(ended) if ended else None,
        is_silent=bool(begun and not told and not ended),
    )


def begin(asked: ReportRequest, *, of: int) -> bool:
    """Say that the report is asked for; return whether it was not already."""
    if not cache.add(f"{asked.key}:progress", [0, of], SILENT_SECONDS):
        return False
    cache.set(f"{asked.key}:ended", None, 0)
    cache.set(f"{asked.key}:cancel", None, 0)
    cache.set(f"{asked.key}:begun", True, KEPT_SECONDS)
    return True


def tell(asked: ReportRequest, done: int, of: int) -> None:
    """Say how far the report is; one that was cancelled is not worked on."""
    if cache.get(f"{asked.key}:cancel"):
        raise WorkCancelledError
    cache.set(f"{asked.key}:progress", [done, of], SILENT_SECONDS)


def ask_to_stop(asked: ReportRequest) -> None:
    """Whoever works the report out stops at the next site, and whoever would begin does not."""
    cache.set(f"{asked.key}:cancel", True, KEPT_SECONDS)
    end(asked, WorkEnd.CANCELLED)


def keep(asked: ReportRequest, result: ReportResult) -> None:
    """The result is that of the report from now on."""
    cache.set(f"{asked.key}:result", result, KEPT_SECONDS)
    end(asked, None)


def end(asked: ReportRequest, ended: WorkEnd | None) -> None:
    """Nobody works the report out any more; the result before it stays."""
    cache.set(f"{asked.key}:progress", None, 0)
    cache.set(f"{asked.key}:begun", None, 0)
    cache.set(f"{asked.key}:ended", ended.value if ended else None, KEPT_SECONDS if ended else 0)

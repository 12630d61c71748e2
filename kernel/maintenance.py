"""Maintenance: while its file is there nobody writes, on every machine that shares it.

The file says whether people may read meanwhile.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from django.conf import settings


class MaintenanceMode(StrEnum):
    """What people can do meanwhile: read, or nothing."""

    READ_ONLY = "read_only"
    CLOSED = "closed"


@dataclass(frozen=True)
class Maintenance:
    """That it is on: how far, since when, and until when it is expected to last."""

    mode: MaintenanceMode
    since: str
    minutes: int = 0


def maintenance() -> Maintenance | None:
    """Return what is on now; a file that cannot be read closes, for somebody has put it there."""
    path = Path(settings.MAINTENANCE_FILE)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Maintenance(MaintenanceMode(told["mode"]), str(told["since"]), int(told.get("minutes", 0)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Maintenance(MaintenanceMode.CLOSED, "")


def begin_maintenance(mode: MaintenanceMode, *, at: datetime, minutes: int = 0) -> None:
    """Nobody writes from now on. The file appears whole, or not at all."""
    path = Path(settings.MAINTENANCE_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(Maintenance(mode, at.isoformat(), minutes))), encoding="utf-8")
    fresh.replace(path)


def end_maintenance() -> bool:
    """People work again; say whether it was on."""
    path = Path(settings.MAINTENANCE_FILE)
    was_on = path.exists()
    path.unlink(missing_ok=True)
    return was_on

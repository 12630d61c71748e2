"""How far an export is, told through the cache: its writing is one transaction, of which nobody sees anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.db import connection

from exports.models import Export

KEPT_SECONDS: Final = 6 * 3600


class ExportCancelledError(Exception):
    """Somebody cancelled the export while its files were written."""


@dataclass(frozen=True)
class Progress:
    """So many files of an export are written, of so many."""

    done: int
    of: int


def is_alone(export: Export) -> bool:
    """Say whether no other process writes the export; until the transaction ends, none can begin to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"exports:write:{export.pk}"]
        )
        return bool(cursor.fetchone()[0])


def tell_progress(export: Export, done: int, of: int) -> None:
    """The page of the export says how far it is; an export that was cancelled is not written on."""
    cache.set(_key(export), [done, of], KEPT_SECONDS)
    if cache.get(_cancelled(export)):
        raise ExportCancelledError


def forget_progress(export: Export) -> None:
    """Nothing is said of an export that is not being written."""
    cache.set(_key(export), None, 0)
    cache.set(_cancelled(export), None, 0)


def tell_cancelled(export: Export) -> None:
    """Whoever writes the export stops after the file that is being written."""
    cache.set(_cancelled(export), True, KEPT_SECONDS)


def progress_of(export: Export) -> Progress | None:
    """Return how far the export is, where that is known."""
    told = cache.get(_key(export))
    return Progress(*told) if told else None


def _key(export: Export) -> str:
    return f"export-progress:{export.pk}"


def _cancelled(export: Export) -> str:
    return f"export-cancelled:{export.pk}"

"""Which tables are recorded, and where their versions are: read from the models, never listed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps


@dataclass(frozen=True)
class RecordedTable:
    """A regulated table and the event table that keeps every version of its rows."""

    table: str
    events: str
    columns: tuple[str, ...]


def recorded_tables() -> Iterator[RecordedTable]:
    """Yield every recorded table, by name."""
    events = [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]
    for model in sorted(events, key=lambda m: str(m._meta.db_table)):
        tracked: Any = model.pgh_tracked_model
        kept = {field.column for field in model._meta.concrete_fields}
        columns = tuple(f.column for f in tracked._meta.concrete_fields if f.column in kept)
        yield RecordedTable(tracked._meta.db_table, model._meta.db_table, columns)


def models_with_secrets() -> Iterator[Any]:
    """Yield every recorded model that keeps secrets out of the trail."""
    for model in apps.get_models():
        tracked: Any = getattr(model, "pgh_tracked_model", None)
        if tracked is not None and hasattr(tracked, "SECRETS"):
            yield tracked

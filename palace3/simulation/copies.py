"""Many more participants, copied in bulk from the walked ones: for measuring, not for reading.

Every copy is written by INSERT … SELECT as the application role, under one act of its own, so that
the same triggers, policies, constraints and event tables hold for it as for any other row. Copies
have no allocation and no signatures: the list hands out places one by one, and nobody signs in bulk.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.db import connection, models

from audit.acts import act
from audit.models import Act
from palace3.kernel.scope import EVERYTHING, scope
from trials.models import Participant

STRIDE: Final = 1_000_000_000
NOT_COPIED: Final = {"randomization", "exports"}


def copy_up_to(wanted: int, *, at: datetime, tell_progress: Callable[[int, int], None]) -> None:
    """There are ``wanted`` participants: the walked ones, and copies of them with numbers of their own."""
    tables = _tables()
    with scope(user_id=None, sites=EVERYTHING):
        with act("simulation:bulk:copy", by=None, at=at, reason="Synthetic copies for measuring") as written:
            walked = Participant.objects.count()
            for turn in range(1, -(-wanted // walked)):
                keep = min(walked, wanted - turn * walked)
                _copy(tables, turn, keep, written)
                tell_progress(walked * turn + keep, wanted)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _tables() -> list[Any]:
    """Return the models of a participant's rows, each after those it refers to."""
    found: list[Any] = [Participant]
    candidates = [
        model
        for model in apps.get_models()
        if model._meta.app_label not in NOT_COPIED
        and not hasattr(model, "pgh_tracked_model")
        and hasattr(model, "act")
        and model is not Participant
        and not any(isinstance(key, models.OneToOneField) for key in _keys(model))
    ]
    while more := [m for m in candidates if m not in found and _ready(m, found, candidates)]:
        found.extend(more)
    return found


def _ready(model: Any, found: list[Any], candidates: list[Any]) -> bool:
    parents = [f.related_model for f in _keys(model) if f.related_model is not Act]
    own = [parent for parent in parents if parent in found or parent in candidates]
    belongs = any(parent in found for parent in own) and any(
        f.related_model is Participant or f.related_model in found for f in _keys(model)
    )
    return belongs and all(parent in found or not _personal(parent, found, candidates) for parent in own)


def _personal(model: Any, found: list[Any], candidates: list[Any]) -> bool:
    """Say whether rows of ``model`` are about a participant, and so are copied too."""
    return any(f.related_model is Participant for f in _keys(model))


def _keys(model: Any) -> list[Any]:
    return [f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey)]


def _copy(tables: list[Any], turn: int, keep: int, written: Act) -> None:
    offset = turn * STRIDE
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(*_insert(model, tables, offset, turn, keep, written))


def _insert(
    model: Any, tables: list[Any], offset: int, turn: int, keep: int, written: Act
) -> tuple[str, list[Any]]:
    columns = list(model._meta.concrete_fields)
    values = [_value(model, field, tables, offset, turn, written) for field in columns]
    names = ", ".join(f'"{field.column}"' for field in columns)
    table = f'"{model._meta.db_table}"'
    source = f"SELECT {', '.join(values)} FROM {table} t WHERE t.id < {STRIDE} AND {_whose(model, tables)}"
    return f"INSERT INTO {table} ({names}) {source}", [keep]


def _value(model: Any, field: Any, tables: list[Any], offset: int, turn: int, written: Act) -> str:
    column = f't."{field.column}"'
    if field.primary_key or (isinstance(field, models.ForeignKey) and field.related_model in tables):
        return f"{column} + {offset}"
    if field.column == "record_id":  # a record named without a foreign key, as queries do
        return f"{column} + {offset}"
    if field.column == "act_id":
        return str(written.pk)
    if model is Participant and field.name == "number":
        return f"split_part({column}, '-', 1) || '-' || (split_part({column}, '-', 2)::int + {turn} * 1000)::text"
    return column


def _whose(model: Any, tables: list[Any]) -> str:
    """Return the condition that keeps the rows of the first so many walked participants."""
    walked = f"SELECT id FROM trials_participant WHERE id < {STRIDE} ORDER BY id LIMIT %s"
    if model is Participant:
        return f"t.id IN ({walked})"
    for field in _keys(model):
        if field.related_model is Participant:
            return f't."{field.column}" IN ({walked})'
    parent = next(f for f in _keys(model) if f.related_model in tables)
    inner = _whose(parent.related_model, tables).replace("t.", "p.")
    return (
        f't."{parent.column}" IN (SELECT p.id FROM "{parent.related_model._meta.db_table}" p WHERE {inner})'
    )

"""The one way to write: under an act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from audit.locked import refusal_of
from audit.models import Act
from kernel.request_id import REQUEST_ID

_current: ContextVar[Act | None] = ContextVar("palace3_act", default=None)
_moved: ContextVar[dict[int, set[str]] | None] = ContextVar("palace3_moved", default=None)
_judges: list[Callable[..., None]] = []


class _Sited(Protocol):
    pk: Any
    site_id: Any


@contextmanager
def open_act(
    verb: str,
    *,
    by: Any,
    at: datetime,
    site: Any = None,
    participant: _Sited | None = None,
    role: str = "",
    reason: str = "",
) -> Iterator[Act]:
    """Open a transaction whose writes name this act; all of it is kept, or nothing.

    ``verb`` reads ``app:thing:verb``. ``by`` is a person, or None for the system itself. An act
    inside another becomes its child, and the outer one is in force again afterwards. The act's
    reason, role and request default to the outer act's. (architecture 4)

    Refuses: what the database refuses because it is frozen or locked.
    """
    within = connection.in_atomic_block
    outer = _current.get() if within else None
    site_id = getattr(site, "pk", None) or (participant.site_id if participant else None)
    try:
        with transaction.atomic():
            acts = Act.objects.create(
                verb=verb,
                by=by,
                role=role or (outer.role if outer else _role_of(by, site_id)),
                site_id=site_id,
                participant_id=participant.pk if participant else None,
                at=at,
                reason=reason.strip() or (outer.reason if outer else ""),
                request_id=REQUEST_ID.get(),
                parent=outer,
                release=settings.RELEASE,
            )
            token = _current.set(acts)  # the database puts it in force as it is inserted
            moved = _moved.set({}) if outer is None else None
            try:
                yield acts
                if outer is None and _moved.get():
                    _judge_again(by, at)
            finally:
                _current.reset(token)
                if moved is not None:
                    _moved.reset(moved)
            if within:  # otherwise the transaction ends here, and the setting with it
                put_in_force(outer)
    except DatabaseError as error:
        if refusal := refusal_of(error):
            raise refusal from error
        raise


def note_moved(participant_id: int, *reads: str) -> None:
    """What forms read of the participant outside themselves has moved: it is judged again before the act ends.

    ``reads`` are named as forms name them ("milestone.RAND"); "visit:7" is everything that stands at visit 7.
    """
    moved = _moved.get()
    if moved is None:
        raise RuntimeError("no act is in force: what moves, moves inside `with open_act(...)`")
    if reads:
        moved.setdefault(participant_id, set()).update(reads)


def take_moved(participant_id: int) -> set[str]:
    """Return what has moved for the participant since somebody took it last; whoever takes it judges it."""
    return (_moved.get() or {}).pop(participant_id, set())


def judge_with(judge: Callable[..., None]) -> None:
    """Whoever stands above and knows the forms names, at the start, the function that judges them again."""
    _judges[:] = [judge]


def _judge_again(by: Any, at: datetime) -> None:
    while moved := _moved.get():
        participant_id = next(iter(moved))
        for judge in _judges:
            judge(participant_id=participant_id, changed=take_moved(participant_id), by=by, at=at)
        moved.pop(participant_id, None)


def record_act(verb: str, *, by: Any, at: datetime, reason: str = "") -> Act:
    """It is on record that something happened which writes nothing else, such as the end of a session."""
    with open_act(verb, by=by, at=at, reason=reason) as act:
        return act


def current_act() -> Act:
    """Return the act in force; a write without one is a bug."""
    act = _current.get()
    if act is None:
        raise RuntimeError("no act is in force: writes happen inside `with open_act(...)`")
    return act


def put_in_force(act: Act | None) -> None:
    """What is written next in this transaction names ``act``, whatever acts were written in between."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.act', %s, true)", [str(act.pk) if act else ""])


def _role_of(by: Any, site_id: int | None) -> str:
    role_at = getattr(by, "role_at", None)
    return "" if role_at is None else str(role_at(site_id) or "")

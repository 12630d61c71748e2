"""To-dos that answers ask for by a day, and that close themselves when the answer arrives (protocol 2.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from accounts.models import User
from audit.acts import open_act
from followup.models import Todo, TodoState
from kernel.clock import local_date
from trials.models import Participant
from trials.models.participants import TERMINAL, Track

AFTER_DEATH = frozenset({"DEATH", "DEATH_SAE"})
AFTER_THE_END: Final = {Track.DEAD: AFTER_DEATH, Track.WITHDRAWN_ALL: frozenset({"WITHDRAWAL"})}
"""What an end itself asks for."""
END_OF_STUDY = "end"
"""The key of the to-do by which a death asks for the record of the end of the study."""


@dataclass(frozen=True)
class Wanted:
    """What an upper floor reads from the answers: asked for by which row, since when, until when, and whether done."""

    trigger: str
    key: str
    opened_on: date
    due_on: date
    done: bool = False
    visit_id: int | None = None


def settle_todos(*, participant: Participant, wanted: Iterable[Wanted], by: User | None, at: datetime) -> int:
    """The participant's to-dos are those that the answers ask for now; say how many changed.

    Planning the same again writes nothing. After a death or a withdrawal from everything only what the
    end itself asks for stays.
    """
    asked = {(each.trigger, each.key): each for each in wanted if _is_asked(participant, each)}
    known = {(todo.trigger, todo.key): todo for todo in Todo.objects.filter(participant=participant)}
    new = [each for place, each in asked.items() if place not in known and not each.done]
    changed = [
        (todo, state, asked.get(place))
        for place, todo in known.items()
        if (state := _state(asked.get(place), todo)) != todo.state or _has_moved(todo, asked.get(place))
    ]
    if not new and not changed:
        return 0
    today = local_date(at, participant.site.time_zone)
    with open_act("followup:todos:settle", by=by, at=at, participant=participant) as act:
        for each in new:
            _open(participant, each, act)
        for todo, state, now_asked in changed:
            _turn(todo, state, now_asked, today, act)
    return len(new) + len(changed)


def drop_todos(*, participant: Participant, by: User | None, at: datetime) -> int:
    """Nothing that waits for the participant is asked for any more; say how many to-dos were dropped."""
    waiting = list(Todo.objects.filter(participant=participant).waiting())
    if not waiting:
        return 0
    today = local_date(at, participant.site.time_zone)
    with open_act("followup:todos:settle", by=by, at=at, participant=participant) as act:
        for todo in waiting:
            _turn(todo, TodoState.DROPPED, None, today, act)
    return len(waiting)


def reopen_todos(
    *, participant: Participant, dropped_by: Collection[str], by: User | None, at: datetime
) -> int:
    """What an act of one of these verbs dropped waits again; say how many to-dos."""
    dropped = Todo.objects.filter(participant=participant, state=TodoState.DROPPED)
    reopened = list(dropped.filter(act__parent__verb__in=dropped_by))
    if not reopened:
        return 0
    today = local_date(at, participant.site.time_zone)
    with open_act("followup:todos:settle", by=by, at=at, participant=participant) as act:
        for todo in reopened:
            _turn(todo, TodoState.OPEN, None, today, act)
    return len(reopened)


def _is_asked(participant: Participant, each: Wanted) -> bool:
    over = participant.state in TERMINAL - {Track.LOST}
    return not over or each.trigger in AFTER_THE_END.get(Track(participant.state), ())


def _state(each: Wanted | None, todo: Todo) -> str:
    if each is None:
        return TodoState.DONE if todo.state == TodoState.DONE else TodoState.DROPPED
    return TodoState.DONE if each.done else TodoState.OPEN


def _has_moved(todo: Todo, each: Wanted | None) -> bool:
    return each is not None and not each.done and todo.due_on != each.due_on


def _open(participant: Participant, each: Wanted, act: Any) -> None:
    Todo.objects.create(
        participant=participant,
        site_id=participant.site_id,
        trigger=each.trigger,
        key=each.key,
        visit_id=each.visit_id,
        opened_on=each.opened_on,
        due_on=each.due_on,
        act=act,
    )


def _turn(todo: Todo, state: str, each: Wanted | None, today: date, act: Any) -> None:
    todo.state, todo.act = state, act
    todo.closed_on = None if state == TodoState.OPEN else today
    if each is not None:
        todo.opened_on, todo.due_on = each.opened_on, each.due_on
    todo.save(update_fields=["state", "closed_on", "opened_on", "due_on", "act"])

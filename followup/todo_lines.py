"""To-dos as pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from followup.matters import todo_event, todo_name
from followup.models import Todo


@dataclass(frozen=True)
class TodoLine:
    """One to-do: what, why, and where its day stands."""

    todo: Todo
    name: str
    event: str
    state: str
    href: str


def todo_lines(todos: Iterable[Todo], *, today: date) -> list[TodoLine]:
    """Return the to-dos in the reader's language; what is open past its day is overdue."""
    return [
        TodoLine(todo, todo_name(todo), todo_event(todo), state_of(todo, today), href_of(todo))
        for todo in todos
    ]


def state_of(todo: Todo, today: date) -> str:
    """Return open, overdue, done or dropped."""
    return "overdue" if todo.state == "open" and todo.due_on < today else todo.state


def href_of(todo: Todo) -> str:
    """Return the page of the visit that asked for it, else that of the participant."""
    if todo.visit is None:
        return todo.participant.get_absolute_url()
    todo.visit.participant = todo.participant
    return todo.visit.get_absolute_url()

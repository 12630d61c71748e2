"""To-dos as pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext

from followup.history import text_for
from followup.models import Todo
from followup.services.todos import END_OF_STUDY
from followup.wording import in_language


@dataclass(frozen=True)
class TodoLine:
    """One to-do: what, why, and where its day stands."""

    todo: Todo
    name: str
    event: str
    state: str
    href: str


def todo_name(todo: Todo) -> str:
    """Return what is to be done, in the protocol's words; of a death, the end of the study by itself."""
    if todo.key == END_OF_STUDY:
        return gettext("record of the end of the study")
    return in_language(text_for(todo.participant).trigger(todo.trigger).task)


def todo_event(todo: Todo) -> str:
    """Return what asked for it, in the protocol's words."""
    return in_language(text_for(todo.participant).trigger(todo.trigger).event)


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

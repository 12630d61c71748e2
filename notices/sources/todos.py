"""To-dos: told when they open, when their day has passed, and some days later above the site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

from django.utils.translation import gettext as _

from followup.history import whole_number
from followup.models import AlertKind, Todo
from followup.todo_lines import todo_event, todo_name
from kernel.days import written
from notices.alerts import ABOVE_THE_SITE, SITE_TEAM, Alert
from protocol.text import load
from trials.models import Site
from trials.models.participants import TERMINAL, Track

RECIPIENTS = (SITE_TEAM, SITE_TEAM, ABOVE_THE_SITE)


def todos(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """To-dos of the site that are not done."""
    late = whole_number(load(site.protocol_version), "todo_escalates_days")
    waiting = Todo.objects.filter(site=site).waiting().select_related("participant")
    for todo in waiting.exclude(participant__state__in=TERMINAL - {Track.LOST, Track.DEAD}):
        passed = (on - todo.due_on).days
        level = (passed >= 1) + (passed >= late)
        yield Alert(
            kind=AlertKind.TODO,
            key=str(todo.pk),
            day=todo.due_on,
            text=_text_of(todo, on),
            level=level,
            recipients=RECIPIENTS[level],
            participant=todo.participant,
        )


def _text_of(todo: Todo, on: date) -> Callable[[], str]:
    def text() -> str:
        values = {"what": todo_name(todo), "day": written(todo.due_on), "event": todo_event(todo)}
        if todo.due_on < on:
            return _("%(what)s was due on %(day)s (%(event)s)") % values
        return _("%(what)s by %(day)s (%(event)s)") % values

    return text

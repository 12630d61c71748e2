"""Sections about visits and to-dos."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from followup.models import Todo, Visit
from followup.todo_lines import todo_lines
from followup.wording import visit_name
from protocol.text import load
from reports.worklist.sections import WorkItem, WorkListSection, first_and_total


def visits(user: User, today: date) -> WorkListSection:
    """Return the visits that are due or overdue."""
    due = (
        Visit.objects.open_to(user, Permission.VISIT_RECORD)
        .open_on(today)
        .select_related("participant")
        .order_by("closes", "pk")
    )
    shown, total = first_and_total(due)
    items = [
        WorkItem(
            visit.participant.number,
            visit_name(load(visit.participant.protocol_version), visit),
            visit.get_absolute_url(),
            "visit",
            "overdue" if visit.closes and visit.closes < today else visit.state,
            visit.closes,
        )
        for visit in shown
    ]
    return WorkListSection(
        _("Visits due or overdue"),
        "calendar-event",
        _("No visit is due today."),
        items,
        total,
        reverse("followup:agenda"),
    )


def todos(user: User, today: date) -> WorkListSection:
    """Return the to-dos that are open."""
    rows = Todo.objects.open_to(user, Permission.CRF_EDIT).waiting().select_related("participant", "visit")
    shown, total = first_and_total(rows.order_by("due_on", "pk"))
    items = [
        WorkItem(line.todo.participant.number, line.name, line.href, "todo", line.state, line.todo.due_on)
        for line in todo_lines(shown, today=today)
    ]
    where = reverse("followup:agenda") + "?show=todos"
    return WorkListSection(_("To-dos"), "clock", _("No to-do is open."), items, total, where)

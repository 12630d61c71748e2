"""Sections about visits and to-dos."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from followup.agenda import undescribed
from followup.models import Todo, Visit
from followup.todo_lines import todo_lines
from followup.wording import visit_name
from kernel.pagination import rows_and_count_of_each
from protocol.text import load
from reports.worklist.sections import SHOWN, WorkItem, WorkListSection, first_and_total


def visit_sections(user: User, today: date) -> list[WorkListSection]:
    """Return the visits that are due or overdue, and those that nobody described; one question to the database."""
    rows = Visit.objects.open_to(user, Permission.VISIT_RECORD).select_related("participant")
    asked = {
        "due": rows.open_on(today).order_by("closes", "pk"),
        "undescribed": undescribed(rows),
    }
    shown = rows_and_count_of_each(asked, SHOWN)
    return [_due(*shown["due"], today=today), _undescribed(*shown["undescribed"])]


def _due(visits: list[Visit], total: int, *, today: date) -> WorkListSection:
    items = [
        WorkItem(
            visit.participant.number,
            visit_name(load(visit.participant.protocol_version), visit),
            visit.get_absolute_url(),
            "visit",
            "overdue" if visit.closes and visit.closes < today else visit.state,
            visit.closes,
        )
        for visit in visits
    ]
    return WorkListSection(
        _("Visits due or overdue"),
        "calendar-event",
        _("No visit is due today."),
        items,
        total,
        reverse("followup:agenda"),
    )


def _undescribed(visits: list[Visit], total: int) -> WorkListSection:
    """Return visits that took place without a word on how and where, and whose record is the source (CDISC SV)."""
    items = [
        WorkItem(
            visit.participant.number,
            str(_("%(visit)s: say how it was made"))
            % {"visit": visit_name(load(visit.participant.protocol_version), visit)},
            reverse("followup:describe", args=[visit.participant.number, visit.pk]),
            when=visit.took_place_on,
            is_since=True,
        )
        for visit in visits
    ]
    return WorkListSection(
        _("Visits to describe"),
        "info-circle",
        _("Of every visit it is said how and where it was made."),
        items,
        total,
        reverse("followup:agenda") + "?show=undescribed",
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

"""The forms of a visit, as the floor above knows them: told by settings, not by import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any

from django.conf import settings

from followup.models import Visit


@dataclass(frozen=True)
class FormDue:
    """One form that a visit asks for: its state, and where it is filled."""

    code: str
    title: str
    state: str
    href: str
    queries: int = 0


def _teller() -> Any:
    return import_module(settings.FORMS_OF_VISITS)


def forms_due(visit: Visit, *, today: date) -> list[FormDue]:
    """Return the forms of the visit that the program holds, in the order of the schedule."""
    found: list[FormDue] = _teller().forms_of_visit(visit, today=today)
    return sorted(found, key=lambda form: visit.forms.index(form.code) if form.code in visit.forms else 99)


def form_choices() -> list[tuple[str, str]]:
    """Return the forms that an unscheduled visit may ask for, with their titles."""
    choices: list[tuple[str, str]] = _teller().forms_for_any_visit()
    return choices

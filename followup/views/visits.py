"""One visit: what it is, why it exists, what is due, and what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services, wording
from followup.forms import (
    ChangeToNotDoneForm,
    ChangeTookPlaceForm,
    NotDoneForm,
    ProposeDayForm,
    TookPlaceForm,
    UnscheduledForm,
)
from followup.forms_due import form_choices, forms_due
from followup.history import text_for
from followup.models import HAPPENED, Todo, Visit, VisitState
from followup.todo_lines import todo_lines
from kernel.clock import local_date
from kernel.days import written
from trials.models import Participant
from trials.views.steps import Page, step


def _visit(request: PersonRequest, number: str, pk: int, permission: Permission) -> Visit:
    rows = Visit.objects.open_to(request.user, permission).select_related("participant__site")
    return get_object_or_404(rows, participant__number=number, pk=pk)


def _today(participant: Participant, at: datetime) -> Any:
    return local_date(at, participant.site.time_zone)


def _todos_of(visit: Visit) -> list[Todo]:
    todos = list(visit.todos.all())
    for todo in todos:
        todo.participant, todo.visit = visit.participant, visit
    return todos


@requires(Permission.VISIT_VIEW)
def visit(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Show one visit."""
    found = _visit(request, number, pk, Permission.VISIT_VIEW)
    text, today = text_for(found.participant), _today(found.participant)
    due = forms_due(found, today=today) if request.user.may(Permission.CRF_VIEW) else []
    context = {
        "visit": found,
        "participant": found.participant,
        "name": wording.visit_name(text, found),
        "why": wording.why_planned(text, found),
        "counted_from": wording.counted_from(text, found),
        "procedures": wording.procedures(text, found),
        "time_left": "" if found.state in HAPPENED else wording.time_left(found, today),
        "timing": wording.timing(found),
        "why_not_done": wording.why_not_done(found),
        "forms_due": due,
        "elsewhere": [code for code in found.forms if code not in {form.code for form in due}],
        "may_record": request.user.may(Permission.VISIT_RECORD, found.site_id),
        "is_current": found.state != VisitState.CANCELLED,
        "took_place": TookPlaceForm(initial={"took_place_on": today}, auto_id="id_now_%s"),
        "todos": todo_lines(_todos_of(found), today=today),
        "reminders": found.reminders.select_related("to", "mail").order_by("for_day", "pk"),
    }
    return render(request, "followup/visit.html", context)


def _page(visit: Visit, title: str, button: str, **more: Any) -> Page:
    label = _("Visit %(visit)s of %(number)s") % {"visit": visit, "number": visit.participant.number}
    return Page(title, button, visit.get_absolute_url(), label, **more)


def _window(visit: Visit) -> str:
    if visit.opens is None:
        return ""
    window = {"opens": written(visit.opens), "closes": written(visit.closes) if visit.closes else ""}
    return _("The window is from %(opens)s to %(closes)s.") % window


@requires(Permission.VISIT_RECORD)
def took_place(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Record the day on which the visit took place, or change it with a reason."""
    found = _visit(request, number, pk, Permission.VISIT_RECORD)
    shape, now = ChangeTookPlaceForm if found.took_place_on else TookPlaceForm, timezone.now()
    initial = {"took_place_on": found.took_place_on or _today(found.participant, now)}
    form = shape(request.POST or None, initial=initial)

    def keep(typed: dict[str, Any]) -> Visit:
        kept = services.record_visit(visit=found, **typed, by=request.user, at=now)
        said = _("Visit %(visit)s took place on %(day)s: %(timing)s.")
        values = {"visit": kept, "day": kept.took_place_on, "timing": wording.timing(kept)}
        messages.success(request, said % values)
        return kept

    title = _("When visit %(visit)s took place") % {"visit": found}
    page = _page(found, title, _("Record the visit"), about=_window(found))
    return step(request, form, page, keep, lambda kept: kept)


@requires(Permission.VISIT_RECORD)
def not_done(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Record that the visit was not done, and why."""
    found = _visit(request, number, pk, Permission.VISIT_RECORD)
    shape = ChangeToNotDoneForm if found.took_place_on else NotDoneForm
    form = shape(request.POST or None)

    def keep(typed: dict[str, Any]) -> Visit:
        return services.mark_not_done(visit=found, **typed, by=request.user, at=timezone.now())

    title = _("Visit %(visit)s was not done") % {"visit": found}
    about = _("The visit stays in the record as not done. Its forms are no longer asked for.")
    page = _page(found, title, _("Record that it was not done"), about=about)
    return step(request, form, page, keep, lambda kept: kept)


@requires(Permission.VISIT_RECORD)
def propose(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Offer another day inside the window."""
    found = _visit(request, number, pk, Permission.VISIT_RECORD)
    form = ProposeDayForm(request.POST or None, initial={"day": found.proposed_on})

    def keep(typed: dict[str, Any]) -> Visit:
        return services.propose_day(visit=found, **typed, by=request.user, at=timezone.now())

    title = _("Another day for visit %(visit)s") % {"visit": found}
    about = f"{_window(found)} {_('The window itself does not move.')}"
    page = _page(found, title, _("Propose this day"), about=about)
    return step(request, form, page, keep, lambda kept: kept)


@requires(Permission.VISIT_RECORD)
def unscheduled(request: PersonRequest, number: str) -> HttpResponse:
    """Record a visit that the schedule does not ask for."""
    people = Participant.objects.open_to(request.user, Permission.VISIT_RECORD).select_related("site")
    found, now = get_object_or_404(people, number=number), timezone.now()
    form = UnscheduledForm(
        request.POST or None, choices=form_choices(), initial={"took_place_on": _today(found, now)}
    )

    def keep(typed: dict[str, Any]) -> Visit:
        return services.add_unscheduled_visit(participant=found, **typed, by=request.user, at=now)

    title = _("Unscheduled visit of %(number)s") % {"number": number}
    up_label = _("Participant %(number)s") % {"number": number}
    page = Page(title, _("Record the visit"), reverse("participant", args=[number]), up_label)
    return step(request, form, page, keep, lambda kept: kept)

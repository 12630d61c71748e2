"""One visit: what it is, why it exists, what is due, and what happened; and a visit that nobody planned."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.engine.declaration import Repeats
from crf.models import ExpectedForm, FilledBy
from followup import services, wording
from followup.forms import TookPlaceForm, UnscheduledForm
from followup.history import text_for
from followup.models import HAPPENED, Todo, Visit, VisitState
from followup.todo_lines import todo_lines
from kernel.clock import local_date
from kernel.service_form import Page
from reports.matrix import forms_of_visit
from trials.models import Participant
from trials.models.locks import lock_kind


def _todos_of(visit: Visit) -> list[Todo]:
    todos = list(visit.todos.all())
    for todo in todos:
        todo.participant, todo.visit = visit.participant, visit
    return todos


def _logs_to_say(request: PersonRequest, visit: Visit) -> list[str]:
    """Return the logs of the visit of which the person may say that there is nothing new."""
    if not request.user.may(Permission.CRF_EDIT, visit.site_id):
        return []
    seen = ExpectedForm.objects.open_to(request.user, Permission.CRF_EDIT)
    logs = seen.filter(visit=visit, filled_by=FilledBy.LOG).unfilled()
    return list(logs.order_by("form_code").values_list("form_code", flat=True))


@requires(Permission.VISIT_VIEW)
def visit(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Show one visit."""
    rows = Visit.objects.open_to(request.user, Permission.VISIT_VIEW).select_related("participant__site")
    rows = rows.annotate(lock_kind=lock_kind("participant_id", visit="pk"))
    participant = get_object_or_404(rows, participant__number=number, pk=pk)
    text = text_for(participant.participant)
    today = local_date(timezone.now(), participant.participant.site.time_zone)
    due = forms_of_visit(participant, today=today) if request.user.may(Permission.CRF_VIEW) else []
    context = {
        "visit": participant,
        "participant": participant.participant,
        "name": wording.visit_name(text, participant),
        "why": wording.why_planned(text, participant),
        "counted_from": wording.counted_from(text, participant),
        "procedures": wording.procedures(text, participant),
        "time_left": "" if participant.state in HAPPENED else wording.time_left(participant, today),
        "timing": wording.timing(participant),
        "why_not_done": wording.why_not_done(participant),
        "forms_due": due,
        "logs_to_say": _logs_to_say(request, participant),
        "elsewhere": [code for code in participant.forms if code not in {form.code for form, _cell in due}],
        "sees_locks": request.user.may(Permission.CRF_VIEW, participant.site_id),
        "may_ask": request.user.may(Permission.QUERY_RAISE, participant.site_id),
        "may_record": not participant.lock_kind
        and request.user.may(Permission.VISIT_RECORD, participant.site_id),
        "is_current": participant.state != VisitState.CANCELLED,
        "may_have_been": services.may_have_taken_place(participant, participant.participant),
        "is_on_record": participant.state in HAPPENED,
        "may_be_missed": participant.opens is not None and participant.opens <= today,
        "took_place": TookPlaceForm(initial={"took_place_on": today}, auto_id="id_now_%s"),
        "todos": todo_lines(_todos_of(participant), today=today),
        "reminders": participant.reminders.select_related("to", "mail").order_by("for_day", "pk"),
    }
    return render(request, "reports/visit.html", context)


@requires(Permission.VISIT_RECORD)
def unscheduled(request: PersonRequest, number: str) -> HttpResponse:
    """Record a visit that the schedule does not ask for."""
    people = Participant.objects.open_to(request.user, Permission.VISIT_RECORD).select_related("site")
    participant, now = get_object_or_404(people, number=number), timezone.now()
    form = UnscheduledForm(
        request.POST or None,
        choices=_forms_for_any_visit(participant),
        initial={"took_place_on": local_date(now, participant.site.time_zone)},
    )
    if form.submits(services.add_unscheduled_visit, participant=participant, by=request.user, at=now):
        return redirect(form.result)
    title = _("Unscheduled visit of %(number)s") % {"number": number}
    up_label = _("Participant %(number)s") % {"number": number}
    page = Page(title, _("Record the visit"), reverse("participant", args=[number]), up_label)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def _forms_for_any_visit(participant: Participant) -> list[tuple[str, str]]:
    """Return the forms that belong to a visit and may be opened for the participant, with their titles."""
    forms = [form for form in catalogue.forms().values() if form.repeats is Repeats.PER_VISIT]
    return [(form.code, str(form.title)) for form in forms if participant.arm or form.before_randomization]

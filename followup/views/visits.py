"""What is recorded of a visit: its day, that it was not done, another day. Its page is reports.views.visit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services, wording
from followup.forms import (
    ChangeDescriptionForm,
    ChangeNotDoneForm,
    ChangeTookPlaceForm,
    DescribeVisitForm,
    NotDoneForm,
    ProposeDayForm,
    TookPlaceForm,
)
from followup.models import HAPPENED, Visit
from kernel.clock import local_date
from kernel.days import written
from kernel.service_form import Page


def _visit(request: PersonRequest, number: str, pk: int) -> Visit:
    rows = Visit.objects.open_to(request.user, Permission.VISIT_RECORD).select_related("participant__site")
    return get_object_or_404(rows, participant__number=number, pk=pk)


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
    visit = _visit(request, number, pk)
    shape, now = ChangeTookPlaceForm if visit.state in HAPPENED else TookPlaceForm, timezone.now()
    initial = {"took_place_on": visit.took_place_on or local_date(now, visit.participant.site.time_zone)}
    form = shape(request.POST or None, initial=initial)
    if form.submits(services.record_visit, visit=visit, by=request.user, at=now):
        kept: Visit = form.result
        said = _("Visit %(visit)s took place on %(day)s: %(timing)s.")
        values = {"visit": kept, "day": kept.took_place_on, "timing": wording.timing(kept)}
        messages.success(request, said % values)
        return redirect(kept)
    title = _("When visit %(visit)s took place") % {"visit": visit}
    page = _page(visit, title, _("Record the visit"), about=_window(visit))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.VISIT_RECORD)
def describe(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Say how and where the visit was made, and whose record is the source; change it with a reason."""
    visit = _visit(request, number, pk)
    shape = ChangeDescriptionForm if visit.contact_mode else DescribeVisitForm
    form = shape(
        request.POST or None,
        initial={"contact_mode": visit.contact_mode, "source_keeper": visit.source_keeper},
    )
    if form.submits(services.describe_visit, visit=visit, by=request.user, at=timezone.now()):
        return redirect(form.result)
    title = _("How visit %(visit)s was made") % {"visit": visit}
    page = _page(visit, title, _("Put it on record"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.VISIT_RECORD)
def not_done(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Record that the visit was not done, and why."""
    visit = _visit(request, number, pk)
    shape = ChangeNotDoneForm if visit.state in HAPPENED else NotDoneForm
    form = shape(request.POST or None)
    if form.submits(services.mark_not_done, visit=visit, by=request.user, at=timezone.now()):
        return redirect(form.result)
    title = _("Visit %(visit)s was not done") % {"visit": visit}
    about = _("The visit stays in the record as not done. Its forms are no longer asked for.")
    page = _page(visit, title, _("Record that it was not done"), about=about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.VISIT_RECORD)
def propose(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Offer another day inside the window."""
    visit = _visit(request, number, pk)
    form = ProposeDayForm(request.POST or None, initial={"day": visit.proposed_on})
    if form.submits(services.propose_day, visit=visit, by=request.user, at=timezone.now()):
        return redirect(form.result)
    title = _("Another day for visit %(visit)s") % {"visit": visit}
    about = f"{_window(visit)} {_('The window itself does not move.')}"
    page = _page(visit, title, _("Propose this day"), about=about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

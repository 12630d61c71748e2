"""Safety: the clocks that run, and the sponsor's assessment of a serious event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.models import SponsorAssessment
from crf.page.editor import open_participant
from crf.page.forms import AssessmentForm
from crf.page.safety import facts_of, lines_of, reports_of
from crf.safety.assessment import SeriousCase, assess_event, case_of
from crf.safety.clock_rows import EVENT_FORM
from crf.safety.clocks import clocks_of_record, clocks_open_to
from crf.store.context import FormContext
from kernel.choices import chosen
from kernel.pagination import BoundedPaginator
from trials.models import Participant

PER_PAGE = 50


@requires(Permission.SAFETY_VIEW)
def clocks(request: PersonRequest) -> HttpResponse:
    """Show the clocks that run, the next due first; with ``?show=all`` those that were met as well."""
    everything = chosen(request, "show", ("all",)) == "all"
    rows = clocks_open_to(request.user)
    rows = rows.order_by("-due_at", "pk") if everything else rows.running()
    page = BoundedPaginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    lines = lines_of(page, user=request.user, at=timezone.now())
    return render(request, "crf/clocks.html", {"lines": lines, "page": page, "everything": everything})


@requires(Permission.SAFETY_VIEW)
def assess(request: PersonRequest, number: str, event: int) -> HttpResponse:
    """Show one serious event; the sponsor assesses it below. One that is serious no more has its clocks still."""
    participant = open_participant(request, number, Permission.SAFETY_VIEW)
    now = timezone.now()
    case = case_of(FormContext(participant, at=now), event)
    clocks_here = clocks_of_record(request.user, participant, EVENT_FORM, event)
    if case is None:
        return _ended(request, participant, event, clocks_here, at=now)
    may = request.user.may(Permission.SAFETY_ASSESS, participant.site_id)
    zone = participant.site.time_zone
    form = AssessmentForm(request.POST or None, case=case, zone=zone) if may else None
    about = {"participant": participant, "event_no": event}
    if form and form.submits(assess_event, **about, by=request.user, at=now):
        messages.success(request, _("The assessment is signed and on record."))
        return redirect("crf:clocks")
    shown = _about(request, participant, event, lines_of(clocks_here, user=request.user, at=now))
    return _shown(request, shown, case, form, zone)


def _ended(
    request: PersonRequest, participant: Participant, event: int, clocks_here: Any, *, at: datetime
) -> HttpResponse:
    """Say of an event that is serious no more, or was taken out, that nothing is to be assessed."""
    lines = lines_of(clocks_here, user=request.user, at=at)
    if not lines:
        raise Http404
    return render(request, "crf/assess.html", {**_about(request, participant, event, lines), "ended": True})


def _about(request: PersonRequest, participant: Participant, event: int, lines: list[Any]) -> dict[str, Any]:
    judged = SponsorAssessment.objects.open_to(request.user, Permission.SAFETY_VIEW)
    return {
        "participant": participant,
        "event": event,
        "judged": judged.filter(participant=participant, event_no=event).select_related("signature"),
        "lines": lines,
    }


def _shown(
    request: PersonRequest,
    about: dict[str, Any],
    case: SeriousCase,
    form: AssessmentForm | None,
    zone: str,
) -> HttpResponse:
    shown: dict[str, Any] = {
        **about,
        "facts": facts_of(case, zone),
        "reports": reports_of(case, zone),
        "form": form,
        "reported": case.reported is not None,
    }
    return render(request, "crf/assess.html", shown, status=form.status if form else 200)

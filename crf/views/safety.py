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
    """Show one serious event; the sponsor assesses it below."""
    participant = open_participant(request, number, Permission.SAFETY_VIEW)
    now = timezone.now()
    case = case_of(FormContext(participant, at=now), event)
    if case is None:
        raise Http404
    may = request.user.may(Permission.SAFETY_ASSESS, participant.site_id)
    zone = participant.site.time_zone
    form = AssessmentForm(request.POST or None, case=case, zone=zone) if may else None
    about = {"participant": participant, "event_no": event}
    if form and form.submits(assess_event, **about, by=request.user, at=now):
        messages.success(request, _("The assessment is signed and on record."))
        return redirect("crf:clocks")
    return _shown(request, participant, event, case, form, at=now)


def _shown(
    request: PersonRequest,
    participant: Participant,
    event: int,
    case: SeriousCase,
    form: AssessmentForm | None,
    *,
    at: datetime,
) -> HttpResponse:
    zone = participant.site.time_zone
    judged = SponsorAssessment.objects.open_to(request.user, Permission.SAFETY_VIEW)
    clocks_now = clocks_of_record(request.user, participant, EVENT_FORM, event)
    shown: dict[str, Any] = {
        "participant": participant,
        "event": event,
        "facts": facts_of(case, zone),
        "reports": reports_of(case, zone),
        "judged": judged.filter(participant=participant, event_no=event).select_related("signature"),
        "lines": lines_of(clocks_now, user=request.user, at=at),
        "form": form,
        "reported": case.reported is not None,
    }
    return render(request, "crf/assess.html", shown, status=form.status if form else 200)

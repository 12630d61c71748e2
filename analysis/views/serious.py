"""Serious events: the listing, one event on paper and as an E2B(R3) file, and the comparison with a safety database."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.safety.forms import AS_FILE, ReconciliationForm
from analysis.safety.listing import cells_of, listing_of, paper_of
from analysis.safety.reconciliation import COLUMNS, KEYS, SafetyRecord, differences_file, record_of
from analysis.safety.serious import SeriousEventLine, serious_events_at
from analysis.safety.services import reconcile, take_icsr, take_serious_events
from analysis.views.choosing import ChosenData, chosen_data, report_as_file
from crf.page.editor import open_participant
from exports.cuts import Cut
from kernel.clock import local_date
from kernel.paper import set_pages
from kernel.sorting import sorting
from reports.quality import Report

PER_PAGE = 50
SORTED = {name: (name,) for name in COLUMNS if name not in KEYS}


def _listing(
    request: PersonRequest,
) -> tuple[Report, ChosenData, list[tuple[SeriousEventLine, SafetyRecord]]]:
    with transaction.atomic():
        data = chosen_data(request, Permission.SAFETY_VIEW, at=timezone.now())
        lines = serious_events_at(data.cut, data.keys)
        records = [record_of(line, at=data.at) for line in lines]
        return listing_of(records), data, list(zip(lines, records, strict=True))


@requires(Permission.SAFETY_VIEW)
def serious_events(request: PersonRequest) -> HttpResponse:
    """List the serious events of the sites of the person."""
    report, data, lines = _listing(request)
    order = sorting(request, SORTED, otherwise=())
    if order.column:
        lines.sort(key=lambda each: str(each[1][order.column]), reverse=order.is_down)
    page = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "report": report,
        "data": data,
        "page": page,
        "lines": [(line, cells_of(line, record)) for line, record in page],
        "sorting": order,
        "columns": [(name, COLUMNS[name]) for name in SORTED],
        "may_reconcile": request.user.may(Permission.SAFETY_RECONCILE),
        "query": request.GET.urlencode(),
    }
    return render(request, "analysis/safety/serious.html", context)


@requires(Permission.SAFETY_VIEW)
def serious_events_file(request: PersonRequest) -> HttpResponse:
    """Give the listing as CSV."""
    report, data, _lines = _listing(request)
    return report_as_file(report, data)


@require_GET
@requires(Permission.SAFETY_VIEW)
def serious_event_paper(request: PersonRequest, number: str, event: int) -> HttpResponse:
    """Give one serious event as PDF: the event, each report, the sponsor's judgements, clocks, every version."""
    at = timezone.now()
    participant = open_participant(request, number, Permission.SAFETY_VIEW)
    paper = paper_of(participant, event, reader=request.user, at=at)
    if paper is None:
        raise Http404
    context = {
        "participant": participant,
        "event": event,
        "paper": paper,
        "at": at,
        "by": request.user,
        "language": get_language(),
        "safety_contact": settings.SAFETY_CONTACT,
    }
    page = render_to_string("analysis/pdf/serious_event.html", context)
    answer = HttpResponse(set_pages(page), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{number}-SAE-{event}.pdf"'
    return answer


@require_GET
@requires(Permission.SAFETY_RECONCILE)
def serious_event_icsr(request: PersonRequest, number: str, event: int) -> HttpResponse:
    """Give one reported serious event as an E2B(R3) file; who took it is on record."""
    participant = open_participant(request, number, Permission.SAFETY_RECONCILE)
    with transaction.atomic():
        cut = Cut.of_this_snapshot()
        lines = serious_events_at(cut, [participant.site_id], number=number)
        line = next((each for each in lines if each.event_no == event), None)
        if line is None:
            raise Http404
        content = take_icsr(participant=participant, line=line, cut=cut, by=request.user, at=timezone.now())
    answer = HttpResponse(content, content_type="application/xml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="PALACE-3-{number}-AE{event}.xml"'
    return answer


@requires(Permission.SAFETY_RECONCILE)
def reconciliation(request: PersonRequest) -> HttpResponse:
    """Compare the file of a safety database with what is on record, and name each difference."""
    at = timezone.now()
    form = ReconciliationForm(request.POST or None, request.FILES or None)
    done = form.submits(reconcile, by=request.user, at=at)
    if done and form.cleaned_data["shown"] == AS_FILE:
        return _file(differences_file(form.result), "differences", at)
    return render(
        request,
        "analysis/safety/reconciliation.html",
        {"form": form, "result": form.result, "done": done},
        status=form.status,
    )


@require_GET
@requires(Permission.SAFETY_RECONCILE)
def reconciliation_file(request: PersonRequest) -> HttpResponse:
    """Give the serious events as a file for a safety database; who took it is on record."""
    at = timezone.now()
    return _file(take_serious_events(by=request.user, at=at), "reconciliation", at)


def _file(content: bytes, what: str, at: datetime) -> HttpResponse:
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    today = local_date(at, settings.TRIAL_TIME_ZONE)
    answer["Content-Disposition"] = f'attachment; filename="PALACE-3_serious-events_{what}_{today}.csv"'
    return answer

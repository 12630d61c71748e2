"""The participant page: the heart of the program."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.notes.page import open_notes_of
from crf.store.reasons import reasons_under
from followup.history import text_for
from kernel.clock import local_date
from reports.actions import actions_of
from reports.acts import acts_about, in_words, role_of
from reports.course import with_course
from reports.matrix import with_queries
from reports.participant_page import participant_page_of
from reports.person import person_line, with_person
from trials.models import Participant
from trials.models.locks import lock_kind

ACTS_PER_PAGE = 100


@requires(Permission.PARTICIPANT_VIEW)
def participant_page(request: PersonRequest, number: str) -> HttpResponse:
    """Show one participant: state, timeline, visits and forms, what is next, and the latest acts."""
    rows = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW).select_related("site")
    noted = rows.annotate(
        notes_kept=open_notes_of(request.user),
        lock_kind=lock_kind(),
        **with_course(),
        **with_person(),
        **with_queries(),
    )
    participant = get_object_or_404(noted, number=number)
    at = timezone.now()
    today = local_date(at, participant.site.time_zone)
    case = participant_page_of(participant, user=request.user, today=today, at=at)
    actions = actions_of(participant, request.user)
    may_see_notes = request.user.may(Permission.CRF_VIEW, participant.site_id)
    context = {
        "participant": participant,
        "case": case,
        "actions": [action for action in actions if not action.is_exit],
        "exits": [action for action in actions if action.is_exit],
        "person": person_line(participant, request.user, today=today),
        "today": today,
        "may_see_notes": may_see_notes,
        "notes_kept": participant.notes_kept if may_see_notes else 0,
    }
    return render(request, "reports/participant.html", context)


@requires(Permission.AUDIT_VIEW)
def participant_acts(request: PersonRequest, number: str) -> HttpResponse:
    """Show every act about one participant, newest first."""
    rows = Participant.objects.open_to(request.user, Permission.AUDIT_VIEW).select_related("site")
    participant = get_object_or_404(rows, number=number)
    page = Paginator(acts_about(participant), ACTS_PER_PAGE).get_page(request.GET.get("page"))
    own = reasons_under(page)
    shown = [(one, in_words(one.verb), role_of(one), own.get(one.pk, {})) for one in page]
    return render(
        request,
        "reports/acts.html",
        {"participant": participant, "page": page, "acts": shown, "text": text_for(participant)},
    )

"""Eligibility: every criterion with its values and sources, and the investigator's signature."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.eligibility.evidence import Evidence, current_evidence
from crf.eligibility.window import too_old_on
from crf.page.eligibility import criteria_of, decisions_of
from crf.page.forms import DecisionForm
from crf.records.eligibility_lapse import decide
from followup.services import catch_up
from kernel.clock import local_date
from kernel.errors import Forbidden
from trials.models import Participant
from trials.models.participants import Track
from trials.models.sites import TAKES_NOBODY_IN
from trials.services.decisions import version_moved


@requires(Permission.ELIGIBILITY_VIEW)
def eligibility(request: PersonRequest, number: str) -> HttpResponse:
    """Show the evidence per criterion; an investigator signs the decision below it."""
    open_to = Participant.objects.open_to(request.user, Permission.ELIGIBILITY_VIEW)
    participant = get_object_or_404(open_to.select_related("site"), number=number)
    if request.method == "POST" and not request.user.may(Permission.ELIGIBILITY_DECIDE, participant.site_id):
        raise Forbidden
    now = timezone.now()
    if request.method == "POST" and participant.is_behind and not participant.is_terminal:
        return _on_the_version_in_force(request, participant, at=now)
    evidence = current_evidence(participant)
    typed = request.POST if request.method == "POST" else None
    form = DecisionForm(
        typed,
        initial={"seen_digest": evidence.digest},
        answerable=evidence.assessment.answerable,
        may_approve=participant.site.state not in TAKES_NOBODY_IN,
    )
    if form.submits(decide, shown=evidence, by=request.user, at=now):
        messages.success(request, _("The decision is signed and on record."))
        return redirect(participant)
    return _shown(request, participant, evidence, form, at=now)


def _on_the_version_in_force(
    request: PersonRequest, participant: Participant, *, at: datetime
) -> HttpResponse:
    """Carry the participant to the version of their site, and show its criteria in place of a decision."""
    left = version_moved(participant)
    catch_up(participant=participant, by=request.user, at=at)
    messages.warning(request, str(left))
    return redirect("crf:eligibility", participant.number)


def _shown(
    request: PersonRequest, participant: Participant, evidence: Evidence, form: DecisionForm, *, at: datetime
) -> HttpResponse:
    may_decide = request.user.may(Permission.ELIGIBILITY_DECIDE, participant.site_id)
    decisions = decisions_of(participant)
    answered = evidence.answered(decisions[0].answers if decisions and not decisions[0].lapsed_at else {})
    is_screened, today = participant.state == Track.SCREENED, local_date(at, participant.site.time_zone)
    shown: dict[str, Any] = {
        "participant": participant,
        "evidence": answered,
        "criteria": criteria_of(answered),
        "decisions": decisions,
        "form": form,
        "may_decide": may_decide and is_screened,
        "is_closed": is_screened and participant.site.state in TAKES_NOBODY_IN,
        "too_old": too_old_on(participant, on=today, at=at) if is_screened else [],
    }
    return render(request, "crf/eligibility.html", shown, status=form.status)

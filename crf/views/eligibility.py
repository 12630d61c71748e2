"""Eligibility: every criterion with its values and sources, and the investigator's signature."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.eligibility.evidence import Evidence, current_evidence
from crf.page.eligibility import criteria_of, decisions_of
from crf.page.forms import DecisionForm
from crf.records.eligibility_lapse import decide
from crf.views.steps import refused_on
from kernel.errors import Forbidden, Refusal
from trials.models import Participant
from trials.models.participants import Track


@requires(Permission.ELIGIBILITY_VIEW)
def eligibility(request: PersonRequest, number: str) -> HttpResponse:
    """Show the evidence per criterion; an investigator signs the decision below it."""
    open_to = Participant.objects.open_to(request.user, Permission.ELIGIBILITY_VIEW)
    participant = get_object_or_404(open_to.select_related("site"), number=number)
    evidence = current_evidence(participant)
    if request.method != "POST":
        return _shown(request, participant, evidence, _fresh(evidence), 200)
    if not request.user.may(Permission.ELIGIBILITY_DECIDE, participant.site_id):
        raise Forbidden
    form = DecisionForm(request.POST)
    status = _decide(request, evidence, form) if form.is_valid() else 422
    if status == 200:
        messages.success(request, _("The decision is signed and on record."))
        return redirect(participant)
    return _shown(request, participant, evidence, form, status)


def _fresh(evidence: Evidence) -> DecisionForm:
    return DecisionForm(initial={"seen_digest": evidence.digest})


def _decide(request: PersonRequest, evidence: Evidence, form: DecisionForm) -> int:
    """Sign the decision; return 200, or the status of what stands in the way."""
    typed = form.cleaned_data
    try:
        with transaction.atomic():
            decide(
                shown=evidence,
                eligible=typed["verdict"] == "eligible",
                seen_digest=typed["seen_digest"],
                password=typed["password"],
                note=typed["note"],
                by=request.user,
                at=timezone.now(),
            )
    except Refusal as refusal:
        refused_on(form, refusal)
        return refusal.status
    return 200


def _shown(
    request: PersonRequest, participant: Participant, evidence: Evidence, form: DecisionForm, status: int
) -> HttpResponse:
    may_decide = request.user.may(Permission.ELIGIBILITY_DECIDE, participant.site_id)
    shown: dict[str, Any] = {
        "participant": participant,
        "evidence": evidence,
        "criteria": criteria_of(evidence),
        "decisions": decisions_of(participant),
        "form": form,
        "may_decide": may_decide and participant.state == Track.SCREENED,
    }
    return render(request, "crf/eligibility.html", shown, status=status)

"""The end of screening without randomization; the eligibility form keeps its reason (protocol 3.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.eligibility.screening import end_screening
from crf.page.editor import open_participant
from kernel.clock import local_date
from trials.forms import DeclineForm, ScreenFailureForm
from trials.models import Participant
from trials.views.participants import page_of


def _today(participant: Participant, at: datetime) -> Any:
    return local_date(at, participant.site.time_zone)


@requires(Permission.CONSENT_RECORD)
def screen_failure(request: PersonRequest, number: str) -> HttpResponse:
    participant, now = open_participant(request, number, Permission.CONSENT_RECORD), timezone.now()
    initial = {"on": _today(participant, now)}
    form = ScreenFailureForm(request.POST or None, version=participant.protocol_version, initial=initial)
    if form.submits(end_screening, participant=participant, declined=False, by=request.user, at=now):
        return redirect(participant)
    about = _("Screening ends here. The reason is kept and counted in the flow chart of the trial.")
    page = page_of(
        participant,
        _("Screen failure of %(number)s"),
        _("Record the screen failure"),
        about=about,
        is_grave=True,
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CONSENT_RECORD)
def decline(request: PersonRequest, number: str) -> HttpResponse:
    participant, now = open_participant(request, number, Permission.CONSENT_RECORD), timezone.now()
    form = DeclineForm(request.POST or None, initial={"on": _today(participant, now)})
    if form.submits(end_screening, participant=participant, declined=True, by=request.user, at=now):
        return redirect(participant)
    about = _("For a participant who could take part and decided not to.")
    page = page_of(participant, _("%(number)s declines"), _("Record it"), about=about, is_grave=True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

"""What a changed date would move, and the end of following."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services
from followup.forms import LostForm, PreviewForm
from followup.history import text_for
from kernel.clock import local_date
from kernel.service_form import Page
from trials.forms import WithdrawalForm
from trials.models import Participant


def _participant(request: PersonRequest, number: str, permission: Permission) -> Participant:
    people = Participant.objects.open_to(request.user, permission).select_related("site")
    return get_object_or_404(people, number=number)


@requires(Permission.VISIT_VIEW)
def preview(request: PersonRequest, number: str) -> HttpResponse:
    """Show which visits would move if a milestone had another date; nothing is written."""
    found = _participant(request, number, Permission.VISIT_VIEW)
    form = PreviewForm(request.GET if request.GET else None, text=text_for(found))
    changes = None
    if form.is_valid():
        what_if = {form.cleaned_data["milestone"]: form.cleaned_data["on"]}
        changes = services.preview_plan(participant=found, at=timezone.now(), milestones=what_if)
    context = {"participant": found, "form": form, "changes": changes}
    return render(request, "followup/preview.html", context, status=422 if form.errors else 200)


@requires(Permission.VISIT_RECORD)
def lost(request: PersonRequest, number: str) -> HttpResponse:
    """Record that the participant is lost to follow-up, once the rule is kept."""
    found = _participant(request, number, Permission.VISIT_RECORD)
    now = timezone.now()
    form = LostForm(request.POST or None, initial={"on": local_date(now, found.site.time_zone)})
    if form.submits(services.record_lost, participant=found, by=request.user, at=now):
        return redirect(form.result)
    about = _("Visits end here. Vital status is still asked for at month 36 and at each sweep.")
    title = _("%(number)s is lost to follow-up") % {"number": number}
    label = _("Participant %(number)s") % {"number": number}
    page = Page(title, _("Record the loss"), found.get_absolute_url(), label, about, is_grave=True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.CONSENT_RECORD)
def withdraw(request: PersonRequest, number: str) -> HttpResponse:
    """Record what the participant withdraws from; the visits follow at once."""
    found = _participant(request, number, Permission.CONSENT_RECORD)
    now = timezone.now()
    form = WithdrawalForm(request.POST or None, initial={"on": local_date(now, found.site.time_zone)})
    if form.submits(services.withdraw_participant, participant=found, by=request.user, at=now):
        return redirect(found)
    about = _("Each part is separate. Survival is followed unless every contact is refused.")
    title = _("Withdrawal of %(number)s") % {"number": number}
    label = _("Participant %(number)s") % {"number": number}
    page = Page(title, _("Record the withdrawal"), found.get_absolute_url(), label, about, is_grave=True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

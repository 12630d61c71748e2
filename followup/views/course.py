"""What a changed date would move, and the end of following."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services
from followup.contacts import met_after, standing_of
from followup.forms import CancelLossForm, LostForm, PreviewForm
from followup.history import text_for
from followup.models import ContactAttempt
from followup.wording import ChangeLine, change_lines
from kernel.clock import local_date
from kernel.days import written
from kernel.punctuation import listed
from kernel.service_form import ForeseeingForm, Page
from trials.forms import WithdrawalCancelForm, WithdrawalCorrectionForm, WithdrawalForm
from trials.models import LossToFollowUp, Participant, Withdrawal


def _participant(request: PersonRequest, number: str, permission: Permission) -> Participant:
    people = Participant.objects.open_to(request.user, permission).select_related("site")
    return get_object_or_404(people, number=number)


@requires(Permission.VISIT_VIEW)
def preview(request: PersonRequest, number: str) -> HttpResponse:
    """Show which visits would move if a milestone had another date; nothing is written."""
    participant = _participant(request, number, Permission.VISIT_VIEW)
    form = PreviewForm(request.GET if request.GET else None, text=text_for(participant))
    changes = None
    if form.is_valid():
        what_if = {form.cleaned_data["milestone"]: form.cleaned_data["on"]}
        planned = services.preview_plan(participant=participant, at=timezone.now(), milestones=what_if)
        changes = change_lines(text_for(participant), planned)
    context = {"participant": participant, "form": form, "changes": changes}
    return render(request, "followup/preview.html", context, status=422 if form.errors else 200)


@requires(Permission.VISIT_RECORD)
def lost(request: PersonRequest, number: str) -> HttpResponse:
    """Record that the participant is lost to follow-up, once the rule is kept and what follows was shown."""
    participant = _participant(request, number, Permission.VISIT_RECORD)
    now = timezone.now()
    form = LostForm(request.POST or None, initial={"on": local_date(now, participant.site.time_zone)})
    act = {"participant": participant, "by": request.user, "at": now}
    if not _foresees(form, participant, services.record_lost, act) and form.submits(
        services.record_lost, **act
    ):
        messages.success(request, _("The loss is on record."))
        return redirect(form.result)
    about = _("Visits end here. Vital status is still asked for at month 36 and at each sweep.")
    title = _("%(number)s is lost to follow-up") % {"number": number}
    page = _page(participant, title, _("Record the loss"), about)
    attempts = ContactAttempt.objects.open_to(request.user, Permission.VISIT_VIEW).standing()
    attempts = attempts.filter(participant=participant)
    context = {"form": form, "page": page, "participant": participant}
    context["standing"] = standing_of(participant, attempts)
    return render(request, "followup/lost.html", context, status=form.status)


@requires(Permission.VISIT_RECORD)
def cancel_loss(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Cancel a loss that was recorded by mistake, once what follows was shown."""
    participant = _participant(request, number, Permission.VISIT_RECORD)
    loss = get_object_or_404(LossToFollowUp, pk=pk, participant=participant, cancelled_at=None)
    form = CancelLossForm(request.POST or None)
    act = {"loss": loss, "by": request.user, "at": timezone.now()}
    service = services.cancel_loss
    if not _foresees(form, participant, service, act) and form.submits(service, **act):
        messages.success(request, _("The loss is cancelled."))
        return redirect(participant)
    about = _(
        "For a loss that was recorded by mistake or with a wrong day; record it anew with the right day. Whoever is "
        "reached again was lost all the same: record the contact instead."
    )
    title = _("Cancel the loss of %(number)s") % {"number": number}
    return _step(request, participant, form, title, _("Cancel the loss"), about)


@requires(Permission.CONSENT_RECORD)
def withdraw(request: PersonRequest, number: str) -> HttpResponse:
    """Record what the participant withdraws from, once what follows was shown; the visits follow at once."""
    participant = _participant(request, number, Permission.CONSENT_RECORD)
    now = timezone.now()
    form = WithdrawalForm(request.POST or None, initial={"on": local_date(now, participant.site.time_zone)})
    act = {"participant": participant, "by": request.user, "at": now}
    service = services.withdraw_participant
    if not _foresees(form, participant, service, act) and form.submits(service, **act):
        messages.success(request, _("The withdrawal is on record."))
        return redirect(participant)
    about = _("Each part is separate. Survival is followed unless every contact is refused.")
    title = _("Withdrawal of %(number)s") % {"number": number}
    return _step(request, participant, form, title, _("Record the withdrawal"), about)


@requires(Permission.CONSENT_RECORD)
def correct_withdrawal(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Correct day and scope of a withdrawal, with a reason, once what follows was shown."""
    participant = _participant(request, number, Permission.CONSENT_RECORD)
    withdrawal = get_object_or_404(Withdrawal, pk=pk, participant=participant, cancelled_at=None)
    initial = {name: getattr(withdrawal, name) for name in ("on", *Withdrawal.SCOPES)}
    form = WithdrawalCorrectionForm(request.POST or None, initial=initial)
    act = {"withdrawal": withdrawal, "by": request.user, "at": timezone.now()}
    service = services.correct_withdrawal
    if not _foresees(form, participant, service, act) and form.submits(service, **act):
        messages.success(request, _("The withdrawal is corrected."))
        return redirect(participant)
    about = _("The withdrawal as it was stays in the history. Say why it is corrected.")
    title = _("Correct the withdrawal of %(number)s") % {"number": number}
    return _step(request, participant, form, title, _("Correct it"), about)


@requires(Permission.CONSENT_RECORD)
def cancel_withdrawal(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Cancel a withdrawal that was recorded by mistake or taken back, once what follows was shown."""
    participant = _participant(request, number, Permission.CONSENT_RECORD)
    withdrawal = get_object_or_404(Withdrawal, pk=pk, participant=participant, cancelled_at=None)
    stands = {name: getattr(withdrawal, name) for name in ("on", *Withdrawal.SCOPES)}
    form = WithdrawalCancelForm(request.POST or None, initial=stands)
    act = {"withdrawal": withdrawal, "by": request.user, "at": timezone.now()}
    service = services.cancel_withdrawal
    if not _foresees(form, participant, service, act) and form.submits(service, **act):
        messages.success(request, _("The withdrawal is cancelled."))
        return redirect(participant)
    about = _(
        "For a withdrawal that was recorded by mistake, or that the participant took back. The participant is "
        "then where they were before it."
    )
    title = _("Cancel the withdrawal of %(number)s") % {"number": number}
    return _step(request, participant, form, title, _("Cancel the withdrawal"), about)


def _foresees(
    form: ForeseeingForm, participant: Participant, service: Callable[..., Any], act: dict[str, Any]
) -> bool:
    """Say whether the page shows what follows before it is done."""
    return form.foresees(partial(_what_follows, participant), service, **act)


def _what_follows(participant: Participant, act: Callable[[], object]) -> list[ChangeLine]:
    changes = services.what_follows(participant=participant, act=act)
    return change_lines(text_for(participant), changes)


def _step(
    request: PersonRequest,
    participant: Participant,
    form: ForeseeingForm,
    title: str,
    button: str,
    about: str,
) -> HttpResponse:
    context = {"form": form, "page": _page(participant, title, button, about)}
    if form.follows is not None and "on" in form.cleaned_data:
        days = met_after(participant, form.cleaned_data["on"])
        context["met_after"] = listed(written(day) for day in days)
    return render(request, "followup/consequences.html", context, status=form.status)


def _page(participant: Participant, title: str, button: str, about: str) -> Page:
    label = _("Participant %(number)s") % {"number": participant.number}
    return Page(title, button, participant.get_absolute_url(), label, about, is_grave=True)

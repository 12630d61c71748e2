"""Who tried to reach a participant, and who was reminded of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from audit.authors import name_authors
from followup import services
from followup.contacts import contact_refused_on, open_loss_of, standing_of
from followup.forms import CancelAttemptForm, ContactAttemptForm
from followup.history import text_for
from followup.models import ContactAttempt, Escalation, Reminder
from followup.wording import ChangeLine, change_lines
from kernel.clock import local_date
from kernel.errors import Forbidden
from kernel.service_form import Page
from trials.models import Participant
from trials.models.participants import Track

REMINDERS_SHOWN, LATEST = 50, 5


@requires(Permission.VISIT_VIEW)
def contacts(request: PersonRequest, number: str) -> HttpResponse:
    """Show the contact log and the reminders of a participant; record an attempt."""
    people = Participant.objects.open_to(request.user, Permission.VISIT_VIEW).select_related("site")
    participant = get_object_or_404(people, number=number)
    may_record = request.user.may(Permission.VISIT_RECORD, participant.site_id)
    if request.method == "POST" and not may_record:
        raise Forbidden
    now, refused_on = timezone.now(), contact_refused_on(participant)
    initial = {} if refused_on else {"on": local_date(now, participant.site.time_zone)}
    form = ContactAttemptForm(request.POST or None, initial=initial)
    service, act = (
        services.record_contact_attempt,
        {"participant": participant, "by": request.user, "at": now},
    )
    preview = partial(_what_follows, participant)
    asks = participant.state == Track.LOST and form.foresees(preview, service, **act)
    if not asks and form.submits(service, **act):
        messages.success(request, _("The attempt is on record."))
        return redirect("followup:contacts", number)
    of_person = {"participant": participant}
    attempts = ContactAttempt.objects.open_to(request.user, Permission.VISIT_VIEW).filter(**of_person)
    reminders = Reminder.objects.open_to(request.user, Permission.VISIT_VIEW).filter(**of_person)
    escalations = Escalation.objects.open_to(request.user, Permission.VISIT_VIEW).filter(**of_person)
    loss = open_loss_of(participant)
    title = _("Contacts with %(number)s") % {"number": number}
    context = {
        "form": form,
        "page": Page(title, _("Record the attempt"), participant.get_absolute_url(), number),
        "participant": participant,
        "escalations": escalations.select_related("to", "mail")[:REMINDERS_SHOWN],
        "attempts": name_authors(attempts.select_related("act__by")),
        "standing": standing_of(participant, attempts.standing()),
        "loss": loss,
        "loss_rests": loss
        and standing_of(participant, attempts.standing().filter(on__lte=loss.lost_on)).is_enough,
        "reminders": reminders.select_related("visit", "to", "mail").order_by("-pk")[:REMINDERS_SHOWN],
        "may_record": may_record,
        "refused_on": refused_on,
    }
    return render(request, "followup/contacts.html", context, status=form.status)


@requires(Permission.VISIT_RECORD)
def cancel_attempt(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Cancel an attempt that was recorded by mistake, once what follows was shown."""
    attempts = ContactAttempt.objects.open_to(request.user, Permission.VISIT_RECORD).standing()
    attempt = get_object_or_404(
        attempts.select_related("participant__site"), pk=pk, participant__number=number
    )
    form = CancelAttemptForm(request.POST or None)
    act = {"attempt": attempt, "by": request.user, "at": timezone.now()}
    service, preview = services.cancel_contact_attempt, partial(_what_follows, attempt.participant)
    if not form.foresees(preview, service, **act) and form.submits(service, **act):
        messages.success(request, _("The attempt is cancelled."))
        return redirect("followup:contacts", number)
    page = Page(
        _("Cancel the attempt of %(day)s to reach %(number)s") % {"day": attempt.on, "number": number},
        _("Cancel the attempt"),
        reverse("followup:contacts", args=[number]),
        _("Contacts with %(number)s") % {"number": number},
        _("For an attempt that was not made, or has a wrong day, route or result; record it anew as it was."),
    )
    return render(request, "followup/consequences.html", {"form": form, "page": page}, status=form.status)


def _what_follows(participant: Participant, act: Callable[[], object]) -> list[ChangeLine]:
    """Say what becomes of the plan when somebody who was lost is reached again."""
    return change_lines(text_for(participant), services.what_follows(participant=participant, act=act))


@requires(Permission.VISIT_VIEW)
def messages_sent(request: PersonRequest, number: str) -> HttpResponse:
    """Give the participant page the latest reminders and escalations with their delivery."""
    people = Participant.objects.open_to(request.user, Permission.VISIT_VIEW).select_related("site")
    participant = get_object_or_404(people, number=number)
    reminders = Reminder.objects.open_to(request.user, Permission.VISIT_VIEW).filter(participant=participant)
    told = Escalation.objects.open_to(request.user, Permission.VISIT_VIEW).filter(participant=participant)
    context = {
        "participant": participant,
        "reminders": reminders.select_related("visit", "to", "mail").order_by("-pk")[:LATEST],
        "escalations": told.select_related("to", "mail")[:LATEST],
    }
    return render(request, "followup/messages.html", context)

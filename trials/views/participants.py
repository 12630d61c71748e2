"""Participants from their number to their consent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.service_form import Page
from trials import services
from trials.forms import ConsentForm, ConsentRefusalForm
from trials.identity_forms import RegisterForm
from trials.models import ConsentVersion, Participant, Site
from trials.models.participants import AfterRefusal


def _participant(request: PersonRequest, number: str, permission: Permission) -> Participant:
    open_to = Participant.objects.open_to(request.user, permission)
    return get_object_or_404(open_to.select_related("site"), number=number)


@requires(Permission.PARTICIPANT_REGISTER)
def register(request: PersonRequest) -> HttpResponse:
    """Give the next number of a site; the consent follows."""
    sites = Site.objects.open_to(request.user, Permission.PARTICIPANT_REGISTER).active()
    form = RegisterForm(request.POST or None, sites=sites)
    if form.submits(services.register_participant, by=request.user, at=timezone.now()):
        said = _("Participant %(number)s is registered. Write the number into the site's identification log.")
        messages.success(request, said % {"number": form.result.number})
        return redirect("trials:consent", form.result.number)
    about = _("The participant is known here by this number alone. The consent is recorded next.")
    page = Page(
        _("Register a participant"), _("Give the next number"), reverse("home"), _("Work list"), about
    )
    context = {"form": form, "page": page, "sites": sites}
    return render(request, "trials/register.html", context, status=form.status)


@requires(Permission.CONSENT_RECORD)
def consent(request: PersonRequest, number: str) -> HttpResponse:
    participant = _participant(request, number, Permission.CONSENT_RECORD)
    versions = ConsentVersion.objects.open_to(request.user, Permission.CONSENT_RECORD).filter(
        site=participant.site
    )
    form = ConsentForm(request.POST or None, versions=versions)
    told = {"participant": participant, "by": request.user, "at": timezone.now()}
    if form.submits(services.record_consent, **told):
        messages.success(request, _("The consent is on record."))
        return redirect(participant)
    page = page_of(participant, _("Consent of participant %(number)s"), _("Record the consent"))
    given = participant.consents.select_related("version")
    refused = participant.consentrefusals.select_related("version")
    context = {"form": form, "page": page, "versions": versions, "given": given, "refused": refused}
    context["participant"] = participant
    context["closed"] = services.why_no_first_consent(participant)
    return render(request, "trials/consent.html", context, status=form.status)


@requires(Permission.CONSENT_RECORD)
def refuse_consent(request: PersonRequest, number: str) -> HttpResponse:
    """Record that a new consent text was not signed, and what follows: staying under the old one, or leaving."""
    participant = _participant(request, number, Permission.CONSENT_RECORD)
    texts = ConsentVersion.objects.open_to(request.user, Permission.CONSENT_RECORD).filter(
        site=participant.site
    )
    form = ConsentRefusalForm(request.POST or None, versions=texts.exclude(consent__participant=participant))
    told = {"participant": participant, "by": request.user, "at": timezone.now()}
    if form.submits(services.record_consent_refusal, **told):
        leaves = form.result.follows == AfterRefusal.LEAVES
        return redirect("followup:withdraw" if leaves else "participant", participant.number)
    about = _(
        "Whoever stays is followed under the consent signed before: what only the new text allows is not done, and a "
        "visit that only the new version plans is marked as not done, refused. Whoever leaves says from what: the "
        "withdrawal is recorded next."
    )
    page = page_of(
        participant, _("Participant %(number)s does not sign"), _("Record the refusal"), about=about
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def page_of(participant: Participant, title: str, button: str, **more: Any) -> Page:
    """Return the page of one step of a participant; ``title`` holds their number."""
    number = participant.number
    up_label = _("Participant %(number)s") % {"number": number}
    return Page(title % {"number": number}, button, participant.get_absolute_url(), up_label, **more)

"""The same person registered twice: typing who a participant is, the questions, and how they are settled (ADR 56)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.pagination import BoundedPaginator
from kernel.punctuation import listed
from kernel.service_form import Page
from trials import services
from trials.identity import identity_is_asked
from trials.identity_forms import IdentityForm, SettleSamePersonForm
from trials.models import Participant, SamePersonQuestion
from trials.views.participants import page_of

PER_PAGE = 50


@requires(Permission.PARTICIPANT_REGISTER)
def identity(request: PersonRequest, number: str) -> HttpResponse:
    """Type who the participant is; what comes of it is compared at night and says nothing here."""
    open_to = Participant.objects.open_to(request.user, Permission.PARTICIPANT_REGISTER)
    participant = get_object_or_404(open_to.select_related("site"), number=number)
    if not identity_is_asked():
        raise Http404
    form = IdentityForm(request.POST or None)
    told = {"participant": participant, "by": request.user, "at": timezone.now()}
    if form.submits(services.note_identity, **told):
        messages.success(request, _("The codes are kept; what was typed is not. They are compared at night."))
        return redirect(participant)
    about = _("Type it again where it was typed wrongly: the codes before it are replaced.")
    page = page_of(participant, _("Who participant %(number)s is"), _("Keep the codes"), about=about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@require_GET
@requires(Permission.SITE_MANAGE, Permission.PARTICIPANT_REGISTER)
def questions(request: PersonRequest) -> HttpResponse:
    """List who may be registered twice: both sides to the study centre, their own participant to a site."""
    settles = request.user.may(Permission.SITE_MANAGE)
    rows = SamePersonQuestion.objects.open_to(
        request.user, Permission.SITE_MANAGE if settles else Permission.PARTICIPANT_REGISTER
    )
    rows = rows.select_related("participant", "site", "settled_by")
    page = BoundedPaginator(rows.order_by("-asked_on", "pair", "pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "trials/registered_twice.html", {"page": page, "settles": settles})


@requires(Permission.SITE_MANAGE)
def settle(request: PersonRequest, pk: int) -> HttpResponse:
    """Say whether the two participants of a question are one person."""
    rows = SamePersonQuestion.objects.open_to(request.user, Permission.SITE_MANAGE)
    question = get_object_or_404(rows, pk=pk)
    sides = rows.filter(pair=question.pair).select_related("participant").order_by("participant__number")
    form = SettleSamePersonForm(request.POST or None)
    told = {"pair": question.pair, "by": request.user, "at": timezone.now()}
    if form.submits(services.settle_same_person, **told):
        messages.success(request, _("It is settled; both sites see what was found."))
        return redirect("trials:registered-twice")
    title = _("Are %(numbers)s one person?") % {"numbers": listed(side.participant.number for side in sides)}
    about = _("Ask both sites by telephone to compare their identification logs. Nobody sends a name.")
    page = Page(title, _("Settle it"), reverse("trials:registered-twice"), _("Registered twice"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

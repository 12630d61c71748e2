"""Practice as the trial sees it: the way there, and the training that comes back (ADR 57)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.permissions import ROLE_LABELS, Role
from accounts.requests import PersonRequest
from kernel.choices import chosen
from kernel.fields import WordsField
from kernel.service_form import Page, ServiceForm
from trials import services
from trials.practice import PRACTISED_ROLES, entry_ticket, learner_of, read_pass


class PassedForm(ServiceForm):
    """The ticket by which practice says what was passed; its person presses one button."""

    ticket = WordsField(max_length=800, widget=forms.HiddenInput)


@require_GET
@login_required
def practice(request: PersonRequest) -> HttpResponse:
    """Show what practice is, the tours of the roles, and the training that is on record."""
    own = [role for role in PRACTISED_ROLES if role in request.user.roles]
    roles = [*own, *(role for role in PRACTISED_ROLES if role not in own)]
    context = {
        "roles": [{"key": role.value, "label": ROLE_LABELS[role], "own": role in own} for role in roles]
    }
    return render(request, "trials/practice.html", context)


@never_cache
@require_GET
@login_required
def go(request: PersonRequest) -> HttpResponse:
    """Lead to practice, with a ticket that says who comes and in which role."""
    _refuse_without_practice()
    role = chosen(request, "role", [each.value for each in PRACTISED_ROLES])
    if not role:
        return redirect("trials:practice")
    ticket = entry_ticket(learner_of(request.user, Role(role)), at=timezone.now())
    return redirect(f"{settings.PRACTICE_ADDRESS}/practice/enter/?ticket={ticket}")


@never_cache
@login_required
def passed(request: PersonRequest) -> HttpResponse:
    """Put the training that was passed in practice on record."""
    _refuse_without_practice()
    now = timezone.now()
    form = PassedForm(request.POST or None, initial={"ticket": request.GET.get("ticket", "")})
    tour = read_pass(str(form["ticket"].value() or ""), at=now)
    if form.submits(services.record_passed_practice, by=request.user, at=now):
        messages.success(request, _("Your training is on record."))
        return redirect("home")
    said: dict[str, Any] = {"role": ROLE_LABELS[tour.role], "version": tour.version}
    about = _("You have passed the tour for %(role)s, by version %(version)s of the protocol.") % said
    page = Page(
        title=_("Tour passed"), button=_("Put it on my record"), up=reverse("home"),
        up_label=_("Work list"), about=about,
    )  # fmt: skip
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


def _refuse_without_practice() -> None:
    if not settings.PRACTICE_ADDRESS:
        raise Http404

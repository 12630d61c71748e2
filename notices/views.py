"""What a person is told by mail."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.requests import PersonRequest
from followup.models import NotificationChoice
from notices.forms import NotificationForm
from notices.preferences import choices_of
from notices.services.preferences import choose_notifications
from trials.views.steps import Page, step


@login_required
def notifications(request: PersonRequest) -> HttpResponse:
    """Show and change what the person is told by mail, and from which hour on."""
    chosen = choices_of([request.user])[request.user.pk]
    form = NotificationForm(request.POST or None, chosen=chosen)

    def keep(typed: dict[str, object]) -> NotificationChoice:
        kept = choose_notifications(user=request.user, **form.choice(), at=timezone.now())
        messages.success(request, _("From the next message on, this is how you are told."))
        return kept

    about = _("Overdue visits, escalations, safety and what concerns your account are always sent.")
    page = Page(_("What I am told by mail"), _("Save"), reverse("accounts:profile"), _("My account"), about)
    return step(request, form, page, keep, lambda kept: reverse("followup:notifications"))

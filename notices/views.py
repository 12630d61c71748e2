"""What a person is told by mail."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.requests import PersonRequest
from kernel.service_form import Page
from kernel.undo import tell_with_undo
from notices.forms import NotificationForm
from notices.preferences import choices_of
from notices.services.preferences import choose_notifications


@login_required
def notifications(request: PersonRequest) -> HttpResponse:
    """Show and change what the person is told by mail, and from which hour on."""
    chosen = choices_of([request.user])[request.user.pk]
    form = NotificationForm(request.POST or None, chosen=chosen)
    before = [("wanted", kind) for kind in form.initial["wanted"]]
    before.append(("from_hour", str(form.initial["from_hour"])))
    if form.submits(choose_notifications, user=request.user, at=timezone.now()):
        said = _("From the next message on, this is how you are told.")
        tell_with_undo(request, said, address=reverse("followup:notifications"), fields=before)
        return redirect("followup:notifications")
    about = _("Overdue visits, escalations, safety and what concerns your account are always sent.")
    page = Page(_("What I am told by mail"), _("Save"), reverse("accounts:profile"), _("My account"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

"""Every API token and calendar address that still opens something, for who delegates roles."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.access import FEED, living_access, living_one
from exports.forms import EndAccessForm
from exports.living_access.services import end_access
from kernel.service_form import Page


@requires(Permission.PERSON_DELEGATE)
def access_list(request: PersonRequest) -> HttpResponse:
    """Show every token and calendar address that still opens something."""
    return render(request, "exports/access.html", {"living": living_access(at=timezone.now())})


@requires(Permission.PERSON_DELEGATE)
def access_end(request: PersonRequest, kind: str, pk: int) -> HttpResponse:
    """Revoke a token or calendar address of somebody, for a reason."""
    now = timezone.now()
    access = living_one(kind, pk, at=now)
    if access is None:
        raise Http404
    form = EndAccessForm(request.POST or None)
    if form.submits(end_access, access=access, by=request.user, at=now):
        return redirect("exports:access")
    title = _("Revoke a calendar address") if kind == FEED else _("Revoke an API token")
    about = " · ".join(each for each in (str(access.owner), access.owner.username, access.name) if each)
    up = reverse("exports:access")
    page = Page(title, _("Revoke"), up, _("Tokens and calendar addresses"), about, is_grave=True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

"""Data cuts: announced here, and how far vital status is known at each."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services
from followup.cuts import progress_of_cuts
from followup.forms import DataCutForm
from kernel.service_form import Page


@requires(Permission.VISIT_VIEW)
def data_cuts(request: PersonRequest) -> HttpResponse:
    """Show the data cuts with their sweeps; announce another."""
    may_announce = request.user.may(Permission.DATA_CUT_ANNOUNCE)
    form = DataCutForm(request.POST if may_announce and request.method == "POST" else None)
    if form.submits(services.announce_data_cut, by=request.user, at=timezone.now()):
        return redirect("followup:data-cuts")
    about = _("Near each data cut, vital status is asked of everybody whom nobody has met within 90 days.")
    page = Page(_("Data cuts"), _("Announce the data cut"), reverse("followup:agenda"), _("Visits"), about)
    cuts = progress_of_cuts(request.user)
    context = {"form": form, "page": page, "cuts": cuts, "may_announce": may_announce}
    return render(request, "followup/data_cuts.html", context, status=form.status)

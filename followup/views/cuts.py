"""Data cuts: announced here, and how far vital status is known at each."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services
from followup.cuts import progress_of_cuts
from followup.forms import CancelCutForm, DataCutForm, MoveCutForm
from followup.models import DataCut
from kernel.days import written
from kernel.errors import Forbidden
from kernel.service_form import Page, ServiceForm


@requires(Permission.VISIT_VIEW)
def data_cuts(request: PersonRequest) -> HttpResponse:
    """Show the data cuts with their sweeps; announce another."""
    may_announce = request.user.may(Permission.DATA_CUT_ANNOUNCE)
    if request.method == "POST" and not may_announce:
        raise Forbidden
    now = timezone.now()
    form = DataCutForm(request.POST or None)
    if form.submits(services.announce_data_cut, by=request.user, at=now):
        messages.success(request, _("The data cut is announced. Each site is asked in its time."))
        return redirect("followup:data-cuts")
    about = _("Near each data cut, vital status is asked of everybody whom nobody has met within 90 days.")
    page = Page(_("Data cuts"), _("Announce the data cut"), reverse("followup:agenda"), _("Visits"), about)
    cuts = progress_of_cuts(request.user, at=now)
    context = {"form": form, "page": page, "cuts": cuts, "may_announce": may_announce}
    return render(request, "followup/data_cuts.html", context, status=form.status)


@requires(Permission.DATA_CUT_ANNOUNCE)
def move_cut(request: PersonRequest, pk: int) -> HttpResponse:
    """Move a data cut to another day, with a reason."""
    cut = get_object_or_404(DataCut, pk=pk)
    form = MoveCutForm(request.POST or None, initial={"on": cut.on})
    if form.submits(services.move_data_cut, cut=cut, by=request.user, at=timezone.now()):
        messages.success(request, _("The data cut is moved."))
        return redirect("followup:data-cuts")
    about = _(
        "Near the new day, vital status is asked anew of everybody whom nobody has met by then. What was recorded "
        "for the first day stays, and its other sweeps are asked for no more."
    )
    title = _("Move the data cut of %(day)s") % {"day": written(cut.on)}
    return _step(request, form, title, _("Move the data cut"), about)


@requires(Permission.DATA_CUT_ANNOUNCE)
def cancel_cut(request: PersonRequest, pk: int) -> HttpResponse:
    """Cancel a data cut, with a reason."""
    cut = get_object_or_404(DataCut, pk=pk)
    form = CancelCutForm(request.POST or None)
    if form.submits(services.cancel_data_cut, cut=cut, by=request.user, at=timezone.now()):
        messages.success(request, _("The data cut is cancelled."))
        return redirect("followup:data-cuts")
    about = _("Nobody is asked for vital status on its account any more. What was recorded for it stays.")
    title = _("Cancel the data cut of %(day)s") % {"day": written(cut.on)}
    return _step(request, form, title, _("Cancel the data cut"), about)


def _step(request: PersonRequest, form: ServiceForm, title: str, button: str, about: str) -> HttpResponse:
    page = Page(title, button, reverse("followup:data-cuts"), _("Data cuts"), about, is_grave=True)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

"""Data cuts: announced here, and how far vital status is known at each."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services
from followup.cuts import progress_of_cuts
from followup.forms import DataCutForm
from followup.models import DataCut
from trials.views.steps import Page, step


@requires(Permission.VISIT_VIEW)
def data_cuts(request: PersonRequest) -> HttpResponse:
    """Show the data cuts with their sweeps; announce another."""
    may_announce = request.user.may(Permission.DATA_CUT_ANNOUNCE)
    form = DataCutForm(request.POST if may_announce and request.method == "POST" else None)

    def keep(typed: dict[str, Any]) -> DataCut:
        return services.announce_data_cut(**typed, by=request.user, at=timezone.now())

    about = _("Near each data cut, vital status is asked of everybody whom nobody has met within 90 days.")
    page = Page(_("Data cuts"), _("Announce the data cut"), reverse("followup:agenda"), _("Visits"), about)
    here = reverse("followup:data-cuts")
    more = {"cuts": progress_of_cuts(request.user), "may_announce": may_announce}
    return step(request, form, page, keep, lambda cut: here, template="followup/data_cuts.html", **more)

"""Derived answers that are not stored as they are worked out: the list, and putting them right."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.models import DerivedDifference
from crf.page.differences import line_of
from crf.page.editor import open_participant
from crf.records.differences import work_out_again
from kernel.choices import chosen
from kernel.once import once_for_each_page
from kernel.pagination import BoundedPaginator

PER_PAGE = 50


@require_GET
@requires(Permission.CRF_VIEW)
def differences(request: PersonRequest) -> HttpResponse:
    """Show the differences that stand, the oldest first; with ``?show=all`` those that are settled as well."""
    everything = chosen(request, "show", ("all",)) == "all"
    rows = DerivedDifference.objects.open_to(request.user, Permission.CRF_VIEW).with_lock()
    rows = rows.order_by("-seen_at", "pk") if everything else rows.standing().order_by("seen_at", "pk")
    page = BoundedPaginator(rows.select_related("participant", "site", "record__visit"), PER_PAGE)
    differing = page.get_page(request.GET.get("page"))
    shown = {
        "page": differing,
        "lines": [line_of(row) for row in differing],
        "everything": everything,
        "may_judge": request.user.may(Permission.DERIVED_JUDGE),
    }
    return render(request, "crf/differences.html", shown)


@require_POST
@requires(Permission.DERIVED_JUDGE)
@once_for_each_page
def settle(request: PersonRequest, number: str) -> HttpResponse:
    """Have everything derived of the participant worked out again."""
    participant = open_participant(request, number, Permission.DERIVED_JUDGE)
    left = work_out_again(participant=participant, by=request.user, at=timezone.now())
    if left:
        said = ngettext(
            "{participant} was worked out again, and {number} item still differs. Tell the people who run the system.",
            "{participant} was worked out again, and {number} items still differ. Tell the people who run the system.",
            left,
        )
        messages.warning(request, said.format(participant=participant.number, number=left))
    else:
        agreed = _("{participant} was worked out again: everything that is not locked agrees.")
        messages.success(request, str(agreed).format(participant=participant.number))
    return redirect("crf:differences")

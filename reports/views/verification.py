"""What is left to verify against source: the page, and its numbers as a file."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from kernel.choices import chosen, chosen_of_all
from kernel.clock import local_date
from kernel.pagination import BoundedPaginator
from kernel.reading import plain
from kernel.sorting import sorting
from protocol.text import load, versions
from reports.quality import as_csv
from reports.verification import cells_of, lines_of, listing, verification_report, verifications_for
from trials.models import Site

PER_PAGE = 50
SORTED = {
    "participant": ("participant__number", "visit_code", "form_code", "pk"),
    "visit": ("visit_code", "participant__number", "form_code", "pk"),
    "form": ("form_code", "participant__number", "visit_code", "pk"),
}
SHOWN = (("left", _("With fields left")), ("critical", _("With critical fields left")))


@require_GET
@requires(Permission.CRF_VIEW)
def verification(request: PersonRequest) -> HttpResponse:
    """Show what is left to verify, and the records with fields left, critical ones first where asked."""
    sites = Site.objects.open_to(request.user, Permission.CRF_VIEW)
    visits = sorted({rule.code for version in versions() for rule in load(version).visits})
    known = {
        "site": [site.code for site in sites],
        "visit": visits,
        "form": list(catalogue.forms()),
        "show": [name for name, _label in SHOWN],
    }
    choice = chosen_of_all(request, known) | {"participant": plain(request.GET.get("participant", ""))}
    rows = verifications_for(request.user, choice)
    left = rows.critical_unverified() if choice["show"] == "critical" else rows.unverified()
    left = left.select_related("record__participant__site", "record__visit")
    order = sorting(request, SORTED, otherwise=SORTED["participant"])
    page = BoundedPaginator(left.order_by(*order.order), PER_PAGE).get_page(request.GET.get("page"))
    shown = {
        "report": verification_report(cells_of(rows)),
        "page": page,
        "lines": lines_of(page.object_list),
        "sorting": order,
        "chosen": choice,
        "sites": sites,
        "visits": visits,
        "forms": [(form.code, str(form.title)) for form in catalogue.forms().values()],
        "choices": SHOWN,
        "may_verify": request.user.may(Permission.CRF_VERIFY),
    }
    return render(request, "reports/verification.html", shown)


@require_GET
@requires(Permission.CRF_VIEW)
def verification_file(request: PersonRequest) -> HttpResponse:
    """Return the numbers of every site, visit and form as CSV."""
    sites = Site.objects.open_to(request.user, Permission.CRF_VIEW)
    site = chosen(request, "site", [each.code for each in sites])
    made = listing(cells_of(verifications_for(request.user, {"site": site})))
    response = HttpResponse(as_csv(made), content_type="text/csv; charset=utf-8")
    day = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    name = f"PALACE-3_verification_{site or 'all'}_{day}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

"""The flow of participants: diagram, drill-down, picture, paper and table; by arm for the statistician, on record."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.flow import BOXES, BY_CODE, Flow, flow_of, numbers_in, reasons_of
from analysis.flow_picture import flow_picture
from analysis.forms import DataAndCodeForm
from analysis.views.background import reported, request_of
from followup.views.agenda import chosen_site
from kernel.clock import local_date
from kernel.paper import set_pages
from trials.models import Participant, Site
from trials.models.participants import DeclineReason, ScreenFailureReason

PER_PAGE = 50
REASONS = {**dict(ScreenFailureReason.choices), **dict(DeclineReason.choices)}


def _chosen(request: PersonRequest) -> tuple[list[Site], Site | None, list[int]]:
    """Return the sites that the person sees, the one that was chosen, and the keys of those that are counted."""
    sites = list(Site.objects.open_to(request.user, Permission.VISIT_VIEW))
    site = chosen_site(request, sites)
    return sites, site, [each.pk for each in ([site] if site else sites)]


@requires(Permission.VISIT_VIEW)
def flow(request: PersonRequest) -> HttpResponse:
    """Show where everybody of the person's sites is, over both arms together."""
    sites, site, keys = _chosen(request)
    shown = flow_of(keys)
    context = {
        "flow": shown,
        "picture": flow_picture(shown),
        "boxes": [(box, shown.count(box.code)) for box in BOXES],
        "reasons": [(REASONS.get(code, code), number) for code, number in reasons_of(keys)],
        "sites": sites,
        "site": site,
        "may_compare": request.user.may(Permission.LIST_WATCH),
        "may_take": request.user.may(Permission.EXPORT_TAKE),
        "file_form": DataAndCodeForm(initial={"with_arm": False}),
    }
    return render(request, "analysis/flow.html", context)


@requires(Permission.LIST_WATCH)
def flow_by_arm(request: PersonRequest) -> HttpResponse:
    """Show the flow by arm; the look is on record."""
    sites = Site.objects.open_to(request.user, Permission.LIST_WATCH).values_list("pk", "code")
    asked = request_of("flow-by-arm", sites)
    told = reported(request, asked, at=timezone.now(), look="flow of participants")
    if told.answer is not None:
        return told.answer
    shown, received = told.content
    rows = [(box, [shown.count(box.code, arm) for arm in shown.arms]) for box in BOXES if box.randomized]
    context = {"flow": shown, "picture": flow_picture(shown), "rows": rows, "received": received}
    return render(request, "analysis/flow_by_arm.html", context | told.about)


@requires(Permission.VISIT_VIEW)
def flow_box(request: PersonRequest, slug: str) -> HttpResponse:
    """List who is in one last box, of those whom the person may see."""
    if slug not in BY_CODE:
        raise Http404
    sites = Site.objects.open_to(request.user, Permission.PARTICIPANT_VIEW)
    inside = numbers_in(slug, sites.values_list("pk", flat=True))
    rows = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW).filter(number__in=inside)
    ordered = rows.select_related("site").order_by("number")
    page = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "analysis/flow_box.html", {"box": BY_CODE[slug], "page": page})


@requires(Permission.VISIT_VIEW)
def flow_picture_file(request: PersonRequest) -> HttpResponse:
    """Give the diagram as SVG."""
    _sites, site, keys = _chosen(request)
    answer = HttpResponse(flow_picture(flow_of(keys)), content_type="image/svg+xml")
    return _named(answer, site, "svg", timezone.now())


@requires(Permission.VISIT_VIEW)
def flow_table(request: PersonRequest) -> HttpResponse:
    """Give the last boxes as a CSV file, whose rows add up to its last one."""
    _sites, site, keys = _chosen(request)
    answer = HttpResponse(_as_csv(flow_of(keys)), content_type="text/csv; charset=utf-8")
    return _named(answer, site, "csv", timezone.now())


@requires(Permission.VISIT_VIEW)
def flow_paper(request: PersonRequest) -> HttpResponse:
    """Give diagram and table on paper."""
    _sites, site, keys = _chosen(request)
    shown, at = flow_of(keys), timezone.now()
    context = {
        "flow": shown,
        "picture": flow_picture(shown),
        "boxes": [(box, shown.count(box.code)) for box in BOXES],
        "site": site,
        "at": at,
        "by": request.user,
        "language": get_language(),
    }
    page = render_to_string("analysis/pdf/flow.html", context)
    return _named(HttpResponse(set_pages(page), content_type="application/pdf"), site, "pdf", at)


def _as_csv(shown: Flow) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((_("Last box"), _("Randomized"), _("Participants")))
    for box in BOXES:
        writer.writerow((box.title, "Y" if box.randomized else "N", shown.count(box.code)))
    for each in shown.contradictions:
        writer.writerow((_("In no last box, or in several"), each.number, 1))
    writer.writerow((_("Everybody registered"), "", shown.total))
    return "\ufeff" + text.getvalue()


def _named(answer: HttpResponse, site: Site | None, ending: str, at: datetime) -> HttpResponse:
    today = local_date(at, settings.TRIAL_TIME_ZONE)
    name = f"PALACE-3_flow_{site.code if site else 'all'}_{today}.{ending}"
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer

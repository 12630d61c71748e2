"""Central monitoring: factors critical to quality, indicators by site, funnel plots, findings and their outcome."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.once import once_for_each_page
from kernel.service_form import Page
from kernel.spreadsheets import as_csv
from monitoring.board import factor_lines, file_rows, lines_of
from monitoring.forms import OutcomeForm, RangeForm
from monitoring.indicators import BY_CODE, FACTOR_BY_CODE, INDICATORS
from monitoring.models import MonitoringFinding, SiteIndicator
from monitoring.picture import funnel
from monitoring.services import ranges, record_outcome, set_range, take_finding

PER_PAGE = 30


@requires(Permission.MONITORING_VIEW)
def board(request: PersonRequest) -> HttpResponse:
    """Show the factors, the indicators of the person's sites, and the findings, open ones first."""
    lines = lines_of(request.user)
    is_central = request.user.sites_with(Permission.MONITORING_VIEW) is None
    findings = MonitoringFinding.objects.open_to(request.user, Permission.MONITORING_VIEW)
    ordered = findings.select_related("site", "owner", "followed_by").order_by(
        "followed_at", "-opened_at", "-pk"
    )
    last = (
        SiteIndicator.objects.open_to(request.user, Permission.MONITORING_VIEW)
        .order_by("-worked_out_at")
        .first()
    )
    context = {
        "factors": factor_lines(lines, pooled=is_central),
        "indicators": [(each, lines[each.code]) for each in INDICATORS if lines.get(each.code)],
        "page": Paginator(ordered, PER_PAGE).get_page(request.GET.get("page")),
        "worked_out_at": last.worked_out_at if last else None,
        "is_central": is_central,
        "may_set": request.user.may(Permission.MONITORING_SET),
    }
    return render(request, "monitoring/board.html", context)


@requires(Permission.MONITORING_VIEW)
def board_file(request: PersonRequest) -> HttpResponse:
    """Give the indicators of the person's sites as CSV."""
    answer = HttpResponse(as_csv(file_rows(lines_of(request.user))), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="PALACE-3_central_monitoring.csv"'
    return answer


@requires(Permission.MONITORING_VIEW)
def indicator(request: PersonRequest, slug: str) -> HttpResponse:
    """Show the funnel plot of one indicator with the table behind it."""
    if slug not in BY_CODE:
        raise Http404
    chosen, lines = BY_CODE[slug], lines_of(request.user).get(slug, [])
    picture = funnel([(line.site, line.counted) for line in lines], title=str(chosen.title))
    return render(
        request, "monitoring/indicator.html", {"indicator": chosen, "lines": lines, "picture": picture}
    )


@requires(Permission.MONITORING_VIEW)
def finding(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one finding; who follows findings up records what became of it."""
    rows = MonitoringFinding.objects.open_to(request.user, Permission.MONITORING_VIEW)
    chosen = get_object_or_404(rows.select_related("site", "owner", "followed_by"), pk=pk)
    may_follow = chosen.followed_at is None and request.user.may(Permission.MONITORING_FOLLOW)
    form = OutcomeForm(request.POST or None) if may_follow else None
    if form and form.submits(record_outcome, finding=chosen, by=request.user, at=timezone.now()):
        return redirect("monitoring:board")
    context = {"finding": chosen, "form": form, "mine": chosen.owner_id == request.user.pk}
    return render(request, "monitoring/finding.html", context, status=form.status if form else 200)


@require_POST
@requires(Permission.MONITORING_FOLLOW)
@once_for_each_page
def take(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a finding over."""
    rows = MonitoringFinding.objects.open_to(request.user, Permission.MONITORING_FOLLOW)
    chosen = get_object_or_404(rows.select_related("site"), pk=pk)
    return redirect(take_finding(finding=chosen, by=request.user, at=timezone.now()))


@requires(Permission.MONITORING_SET)
def set_factor(request: PersonRequest, slug: str) -> HttpResponse:
    """Set the acceptable range of a factor for the study team."""
    if slug not in FACTOR_BY_CODE:
        raise Http404
    now = next(each for each in ranges() if each.factor.code == slug)
    form = RangeForm(request.POST or None, initial={"lowest": now.lowest, "highest": now.highest})
    if form.submits(set_range, factor=slug, by=request.user, at=timezone.now()):
        return redirect("monitoring:board")
    page = Page(
        title=str(BY_CODE[slug].title),
        button=_("Set the range"),
        up=reverse("monitoring:board"),
        up_label=_("Central monitoring"),
        about=_(
            "In the unit %(unit)s. It counts from the next night on, and stands as set by the study team."
        )
        % {"unit": BY_CODE[slug].unit},
    )
    return render(request, "monitoring/step.html", {"form": form, "page": page}, status=form.status)

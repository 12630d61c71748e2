"""The pages of the audit trail: its lines with filters, the same as a file, and its planned reviews."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from kernel.clock import local_date
from kernel.pagination import count_up_to
from kernel.punctuation import listed
from kernel.service_form import Page
from kernel.spreadsheets import as_csv, as_xlsx
from reports import services
from reports.forms import ChangeReviewForm, EndReviewForm, PlanReviewForm, RecordReviewForm, TrailFilterForm
from reports.trail import COLUMNS, KINDS, TrailFilter, acts_open_to, filtered, lines_of, rows_of_file
from reports.trail_reviews import reviews_on, reviews_open_to
from trials.models import Site

PER_PAGE = 50
MOST_IN_FILE = 20_000
AT_ONCE = 500
FILES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@requires(Permission.AUDIT_VIEW)
def trail(request: PersonRequest) -> HttpResponse:
    """Show the acts that fit the filter, newest first, each with which form, which visit, old and new."""
    chosen = _chosen(request)
    rows = filtered(acts_open_to(request.user), chosen)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    context = {
        "page": page,
        "lines": lines_of(list(page), request.user),
        "chosen": chosen,
        "sites": list(Site.objects.open_to(request.user, Permission.AUDIT_VIEW)),
        "forms": list(catalogue.forms().values()),
        "fields": _fields_of(chosen.form),
        "kinds": [(code, words) for code, (words, _verbs) in KINDS.items()],
        "filters": urlencode(chosen.as_query()),
        "may_review": request.user.may(Permission.AUDIT_REVIEW),
        "overdue": [each for each in reviews_on(today, request.user) if each.is_overdue],
    }
    return render(request, "reports/trail.html", context)


def _chosen(request: PersonRequest) -> TrailFilter:
    if not TrailFilterForm(request.GET).is_valid():
        messages.warning(request, _("A part of the filter could not be read, and was left out."))
    return TrailFilterForm.filter_of(request.GET)


def _fields_of(code: str) -> list[tuple[str, str]]:
    form = catalogue.forms().get(code)
    if form is None:
        return []
    fields = [(name, str(question.text)) for name, question in form.questions.items()]
    for group, rows in form.groups.items():
        fields += [
            (f"{group}.{name}", f"{rows.title} · {each.text}") for name, each in rows.questions.items()
        ]
    return fields


@requires(Permission.AUDIT_VIEW)
def trail_file(request: PersonRequest, kind: str) -> HttpResponse:
    """Hand the acts that fit the filter out as one table that sorts; that it was taken is on record."""
    if kind not in FILES:
        raise Http404
    chosen, now = _chosen(request), timezone.now()
    rows = filtered(acts_open_to(request.user), chosen)
    number = count_up_to(rows, MOST_IN_FILE)
    if number > MOST_IN_FILE:
        said = _(
            "More than %(most)s acts fit. Narrow the filter, for example to a month, and take several files."
        )
        messages.warning(request, said % {"most": MOST_IN_FILE})
        return redirect(f"{reverse('reports:trail')}?{urlencode(chosen.as_query())}")
    acts = list(rows)
    table: list[Any] = [COLUMNS]
    for first in range(0, len(acts), AT_ONCE):
        table += rows_of_file(lines_of(acts[first : first + AT_ONCE], request.user))
    services.record_trail_taken(filters=chosen.as_query(), kind=kind, acts=len(acts), by=request.user, at=now)
    content = as_csv(table) if kind == "csv" else as_xlsx(table, title="Audit trail")
    response = HttpResponse(content, content_type=FILES[kind])
    response["Content-Disposition"] = (
        f'attachment; filename="PALACE-3_audit-trail_{now:%Y%m%dT%H%M%SZ}.{kind}"'
    )
    return response


@requires(Permission.AUDIT_VIEW)
def trail_reviews(request: PersonRequest) -> HttpResponse:
    """Show the planned reviews, when each was done and comes due, and what each came to."""
    today = local_date(timezone.now(), settings.TRIAL_TIME_ZONE)
    context = {
        "reviews": reviews_on(today, request.user),
        "may_review": request.user.may(Permission.AUDIT_REVIEW),
    }
    return render(request, "reports/trail_reviews.html", context)


def _page(title: str, button: str, about: str = "") -> Page:
    return Page(title, button, reverse("reports:trail-reviews"), _("Reviews of the audit trail"), about)


@requires(Permission.AUDIT_REVIEW)
def plan_review(request: PersonRequest) -> HttpResponse:
    """Plan a review of what the filter in the address chooses."""
    chosen, now = _chosen(request), timezone.now()
    form = PlanReviewForm(
        request.POST or None, initial={"first_on": local_date(now, settings.TRIAL_TIME_ZONE)}
    )
    if form.submits(services.plan_review, filters=chosen.as_query(), by=request.user, at=now):
        return redirect("reports:trail-reviews")
    said = listed(f"{name}: {value}" for name, value in chosen.as_query().items())
    about = _("What is read: %(filters)s") % {"filters": said or _("the whole trail")}
    page = _page(_("Plan a review of the audit trail"), _("Plan it"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.AUDIT_REVIEW)
def record_review(request: PersonRequest, pk: int) -> HttpResponse:
    """Record that a review was done, and what it came to."""
    review = get_object_or_404(reviews_open_to(request.user), pk=pk, ended_at=None)
    rows = filtered(acts_open_to(request.user), TrailFilterForm.filter_of(review.filters))
    last = review.results.first()
    number = count_up_to(rows.filter(pk__gt=last.up_to_act) if last else rows, MOST_IN_FILE)
    form = RecordReviewForm(request.POST or None)
    if form.submits(services.record_review, review=review, lines=number, by=request.user, at=timezone.now()):
        return redirect("reports:trail-reviews")
    about = _("%(number)s acts since the last review fit the filter.") % {"number": number}
    page = _page(_("Record the review “%(name)s”") % {"name": review}, _("Record it"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.AUDIT_REVIEW)
def change_review(request: PersonRequest, pk: int) -> HttpResponse:
    """Change how often a planned review comes due."""
    review = get_object_or_404(reviews_open_to(request.user), pk=pk, ended_at=None)
    form = ChangeReviewForm(request.POST or None, initial={"every_days": review.every_days})
    if form.submits(services.change_review, review=review, by=request.user, at=timezone.now()):
        return redirect("reports:trail-reviews")
    page = _page(_("Change how often “%(name)s” is due") % {"name": review}, _("Change it"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.AUDIT_REVIEW)
def end_review(request: PersonRequest, pk: int) -> HttpResponse:
    """End a planned review."""
    review = get_object_or_404(reviews_open_to(request.user), pk=pk, ended_at=None)
    form = EndReviewForm(request.POST or None)
    if form.submits(services.end_review, review=review, by=request.user, at=timezone.now()):
        return redirect("reports:trail-reviews")
    page = _page(_("End the review “%(name)s”") % {"name": review}, _("End it"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

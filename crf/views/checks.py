"""The checks of the trial: what each has brought, and which are retired or looked at."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.check_review.services import end_mark as take_away
from crf.check_review.services import mark_check
from crf.check_review.yields import yields_of
from crf.models import CheckMark, MarkKind
from crf.page.query_forms import EndMarkForm, MarkForm
from kernel.choices import chosen_of_all
from trials.models import Site

SHOWN = {"fired": _("Checks that fired"), "marked": _("Checks that are marked"), "all": _("All checks")}


@require_GET
@requires(Permission.FINDING_VIEW)
def checks(request: PersonRequest) -> HttpResponse:
    """Show for each check how often it fired, led to a change, and was confirmed as it is."""
    sites = Site.objects.open_to(request.user, Permission.FINDING_VIEW)
    known: dict[str, Collection[str]] = {
        "site": [site.code for site in sites],
        "form": catalogue.forms(),
        "show": SHOWN,
    }
    chosen = chosen_of_all(request, known)
    lines = yields_of(request.user, form=chosen["form"], site=chosen["site"])
    if chosen["show"] in ("", "fired"):
        lines = [line for line in lines if line.fired or line.marks]
    elif chosen["show"] == "marked":
        lines = [line for line in lines if line.marks]
    shown: dict[str, Any] = {
        "lines": lines,
        "chosen": chosen,
        "sites": sites,
        "forms": [form for form in catalogue.forms().values() if form.checks],
        "show": SHOWN.items(),
        "may_mark": request.user.may(Permission.CHECK_MANAGE),
    }
    return render(request, "crf/checks.html", shown)


@requires(Permission.CHECK_MANAGE)
def mark(request: PersonRequest, code: str, check: str, kind: str) -> HttpResponse:
    """Retire a check, or have its confirmations looked at."""
    if code not in catalogue.forms() or kind not in MarkKind.values:
        raise Http404
    form, about = MarkForm(request.POST or None), {"form": code, "check": check, "kind": MarkKind(kind)}
    if form.submits(mark_check, **about, by=request.user, at=timezone.now()):
        messages.success(request, _("The check is marked."))
        return redirect("crf:checks")
    shown = {"form": form, "code": code, "check": check, "kind": MarkKind(kind)}
    return render(request, "crf/mark_check.html", shown, status=form.status)


@requires(Permission.CHECK_MANAGE)
def end_mark(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a mark of a check away."""
    standing = get_object_or_404(CheckMark, pk=pk)
    form = EndMarkForm(request.POST or None)
    if form.submits(take_away, mark=standing, by=request.user, at=timezone.now()):
        messages.success(request, _("The mark is taken away."))
        return redirect("crf:checks")
    shown = {"form": form, "code": standing.form_code, "check": standing.check_code, "mark": standing}
    shown["kind"] = MarkKind(standing.kind)
    return render(request, "crf/mark_check.html", shown, status=form.status)

"""The page of the registers, their file, and the steps of an entry."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.choices import chosen
from kernel.clock import local_date
from kernel.service_form import Page
from kernel.spreadsheets import as_csv
from trials.forms import ApproveEntryForm, CloseEntryForm, RegisterEntryForm
from trials.models.registers import ASKED, RegisterEntry, RegisterKind
from trials.services import registers as services

COLUMNS = (
    *(
        "REGISTER",
        "ENTRY",
        "SITE",
        "SUBJECT",
        "SINCE",
        "UNTIL",
        "REFERENCE",
        "ACCOUNT",
        "OWNER",
        "RECORDED_BY",
    ),
    *("APPROVED_BY", "APPROVED_AT", "OUTCOME", "CLOSED_ON"),
)


def _entries(user: User, kind: str) -> Any:
    rows = RegisterEntry.objects.open_to(user, Permission.AUDIT_VIEW)
    rows = rows.select_related("site", "owner", "recorded_by", "approved_by")
    return rows.filter(kind=kind) if kind else rows


def _kind(request: PersonRequest) -> str:
    return chosen(request, "register", RegisterKind.values)


@requires(Permission.AUDIT_VIEW)
def register_list(request: PersonRequest) -> HttpResponse:
    """Show the entries of the registers, the youngest first, as far as the reader sees their sites."""
    kind = _kind(request)
    context = {
        "entries": list(_entries(request.user, kind)),
        "kinds": RegisterKind.choices,
        "chosen": kind,
        "may_record": request.user.may(Permission.AUDIT_REVIEW),
    }
    return render(request, "trials/registers.html", context)


@requires(Permission.AUDIT_VIEW)
def register_file(request: PersonRequest) -> HttpResponse:
    """Hand the entries out as one table."""
    rows = [
        (
            *(
                each.kind,
                each.pk,
                each.site.code if each.site else "",
                each.subject,
                each.began_on,
                each.until or "",
            ),
            *(each.reference, each.account, each.owner.username, each.recorded_by.username),
            each.approved_by.username if each.approved_by else "",
            each.approved_at.isoformat() if each.approved_at else "",
            *(each.outcome, each.closed_on or ""),
        )
        for each in _entries(request.user, _kind(request))
    ]
    content = as_csv([COLUMNS, *([str(cell) for cell in row] for row in rows)])
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="PALACE-3_registers.csv"'
    return response


def _page(title: str, button: str, about: str = "") -> Page:
    return Page(title, button, reverse("trials:registers"), _("Registers"), about)


@requires(Permission.AUDIT_REVIEW)
def new_register_entry(request: PersonRequest, register: str) -> HttpResponse:
    """Record an entry of a register."""
    if register not in RegisterKind.values:
        raise Http404
    kind, now = RegisterKind(register), timezone.now()
    today = local_date(now, settings.TRIAL_TIME_ZONE)
    form = RegisterEntryForm(
        request.POST or None, initial={"began_on": today, "owner": request.user.username}
    )
    if form.submits(services.record_entry, kind=kind, by=request.user, at=now):
        return redirect(f"{reverse('trials:registers')}?register={kind}")
    page = _page(str(kind.label), _("Record it"), str(ASKED.get(kind, "")))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.AUDIT_REVIEW)
def approve_register_entry(request: PersonRequest, pk: int) -> HttpResponse:
    """Approve a filing or basis as the second person."""
    entry = get_object_or_404(_entries(request.user, ""), pk=pk)
    form = ApproveEntryForm(request.POST or None)
    if form.submits(services.approve_entry, entry=entry, by=request.user, at=timezone.now()):
        return redirect(f"{reverse('trials:registers')}?register={entry.kind}")
    about = f"{entry.reference} · {entry.account}"
    page = _page(_("Approve “%(entry)s”") % {"entry": entry}, _("Approve it"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.AUDIT_REVIEW)
def close_register_entry(request: PersonRequest, pk: int) -> HttpResponse:
    """Close an entry with its outcome."""
    entry, now = get_object_or_404(_entries(request.user, ""), pk=pk), timezone.now()
    form = CloseEntryForm(
        request.POST or None, initial={"closed_on": local_date(now, settings.TRIAL_TIME_ZONE)}
    )
    if form.submits(services.close_entry, entry=entry, by=request.user, at=now):
        return redirect(f"{reverse('trials:registers')}?register={entry.kind}")
    page = _page(_("Close “%(entry)s”") % {"entry": entry}, _("Close it"), entry.account)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)

"""What is not published about the protocol, so that nobody takes a default for the protocol."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.choices import chosen
from kernel.reading import plain
from kernel.service_form import Page
from protocol.text import ProtocolText, load, versions
from reports.forms import SEEN, ConfirmForm, WithdrawForm
from reports.questions import CHAPTERS, SHOWS, by_chapter, lines_of, narrowed, ticked
from trials import services
from trials.confirmed import confirmation_by, history_of_value
from trials.models import Site

PER_PAGE = 50


def _text(request: PersonRequest, asked: str) -> ProtocolText:
    """Return the version asked for; without one, the latest that is in force at a site the person may see."""
    if asked:
        if asked not in versions():
            raise Http404
        return load(asked)
    sites = Site.objects.open_to(request.user, Permission.PROTOCOL_VIEW)
    followed = set(sites.values_list("protocol_version", flat=True)) | {settings.PROTOCOL_VERSION}
    return load([version for version in versions() if version in followed][-1])


@requires(Permission.PROTOCOL_VIEW)
def protocol_questions(request: PersonRequest) -> HttpResponse:
    """Show every value that is a default or comes from a sister trial, and what was confirmed of them."""
    text = _text(request, request.GET.get("version", ""))
    show = chosen(request, "show", SHOWS, otherwise="open")
    wanted = plain(request.GET.get("q", ""))
    chapter = chosen(request, "chapter", [each.code for each in CHAPTERS])
    lines = lines_of(text)
    rows = narrowed(lines, show=show, wanted=wanted, chapter=chapter)
    context: dict[str, Any] = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "chapters": by_chapter(lines),
        "chapter": chapter,
        "count": len(lines),
        "confirmed": sum(line.confirmation is not None for line in lines),
        "version": text.version,
        "versions": versions(),
        "show": show,
        "wanted": wanted,
        "may_confirm": request.user.may(Permission.PROTOCOL_CONFIRM),
    }
    return render(request, "reports/protocol.html", context)


@requires(Permission.PROTOCOL_VIEW)
def protocol_value(request: PersonRequest, protocol: str, key: str) -> HttpResponse:
    """Show one value with every confirmation that it, or another value in its place, ever had."""
    lines = lines_of(_text(request, protocol))
    line = next((line for line in lines if line.asked.key == key), None)
    if line is None:
        raise Http404
    context = {
        "line": line,
        "history": history_of_value(line.asked.item),
        "may_confirm": request.user.may(Permission.PROTOCOL_CONFIRM),
    }
    return render(request, "reports/protocol_value.html", context)


@requires(Permission.PROTOCOL_CONFIRM)
def confirm(request: PersonRequest, protocol: str) -> HttpResponse:
    """Confirm the ticked values with one signature."""
    text = _text(request, protocol)
    shown = ticked(lines_of(text), _keys_of(request))
    form = ConfirmForm(request.POST or None, lines=shown)
    up = f"{reverse('reports:protocol')}?version={text.version}"
    if form.submits(services.confirm_values, version=text.version, by=request.user, at=timezone.now()):
        count = len(form.result)
        said = ngettext("%(count)s value is confirmed.", "%(count)s values are confirmed.", count)
        messages.success(request, said % {"count": count})
        return redirect(up)
    about = _(
        "You sign that these values are those of the study team. A value that changes later is open again."
    )
    page = Page(_("Confirm protocol values"), _("Sign and confirm"), up, _("Protocol questions"), about)
    context = {"form": form, "page": page, "lines": shown}
    return render(request, "reports/confirm.html", context, status=form.status)


def _keys_of(request: PersonRequest) -> list[str]:
    carried = [name.removeprefix(SEEN) for name in request.POST if name.startswith(SEEN)]
    return request.GET.getlist("tick") or carried


@requires(Permission.PROTOCOL_CONFIRM)
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Withdraw a confirmation, with a reason."""
    confirmation = get_object_or_404(confirmation_by(pk))
    form = WithdrawForm(request.POST or None)
    up = f"{reverse('reports:protocol')}?version={confirmation.version}"
    if form.submits(
        services.withdraw_confirmation, confirmation=confirmation, by=request.user, at=timezone.now()
    ):
        messages.success(request, _("The confirmation is withdrawn. The value is a default again."))
        return redirect(up)
    about = _("The confirmation stays on record, with who withdrew it and why.")
    page = Page(_("Withdraw the confirmation"), _("Withdraw it"), up, _("Protocol questions"), about)
    context = {"form": form, "page": page, "kept": confirmation}
    return render(request, "reports/withdraw.html", context, status=form.status)

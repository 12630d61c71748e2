"""The register of exports, asking for one, and its file."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.forms import ExportForm
from exports.register import register
from exports.services import hand_out, request_export
from trials.models import Site

PER_PAGE = 30


@requires(Permission.EXPORT_VIEW)
def export_list(request: PersonRequest) -> HttpResponse:
    """Show the register: who took what, and when."""
    page = Paginator(register(), PER_PAGE).get_page(request.GET.get("page"))
    may_take = request.user.may(Permission.EXPORT_TAKE)
    return render(request, "exports/list.html", {"page": page, "may_take": may_take})


@requires(Permission.EXPORT_TAKE)
def export_new(request: PersonRequest) -> HttpResponse:
    """Ask for an export."""
    sites = [(site.code, str(site)) for site in Site.objects.open_to(request.user, Permission.EXPORT_TAKE)]
    now, language = timezone.now(), get_language() or "en"
    form = ExportForm(request.POST or None, sites=sites, at=now)
    if form.submits(request_export, language=language, by=request.user, at=now):
        return redirect(form.result)
    return render(request, "exports/new.html", {"form": form}, status=form.status)


@requires(Permission.EXPORT_VIEW)
def export_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Show what one export holds."""
    export = get_object_or_404(register(), pk=pk)
    may_take = request.user.may(Permission.EXPORT_TAKE)
    template = "exports/state.html" if "HX-Request" in request.headers else "exports/detail.html"
    return render(request, template, {"export": export, "may_take": may_take})


@require_POST
@requires(Permission.EXPORT_TAKE)
def download(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Hand out the file; that it was handed out is on record."""
    export = get_object_or_404(register(), pk=pk)
    path = hand_out(export=export, by=request.user, at=timezone.now())
    return FileResponse(path.open("rb"), as_attachment=True, filename=export.file_name)

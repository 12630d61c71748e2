"""The register of exports, asking for one, and its file."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.forms import ExportForm, NameCutForm
from exports.jobs.progress import progress_of
from exports.jobs.services import cancel_export, delete_file
from exports.kept_cuts.services import name_cut
from exports.models import Export
from exports.ranges import answer_with_file
from exports.register import named_cuts, register
from exports.selected.selection import Selection
from exports.selected.wording import selection_in_words
from exports.services import request_export
from kernel.choices import chosen
from kernel.once import once_for_each_page
from kernel.service_form import Page
from kernel.sorting import sorting
from trials.models import Site

PER_PAGE = 30
NOTHING_NEW = 204
SOON, LATER = 2, 10  # seconds until the page looks again: an export that takes long is looked at less often
LONG = 60
SORTED = {
    "export": ("pk",),
    "as_of": ("cut_at", "pk"),
    "person": ("requested_by__username", "pk"),
    "format": ("data_format", "pk"),
    "state": ("state", "pk"),
    "rows": ("rows", "pk"),
}


@requires(Permission.EXPORT_VIEW)
def export_list(request: PersonRequest) -> HttpResponse:
    """Show the register: who took what, and when."""
    order = sorting(request, SORTED, otherwise=())
    rows = register().order_by(*order.order) if order.order else register()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    may_take = request.user.may(Permission.EXPORT_TAKE)
    return render(request, "exports/list.html", {"page": page, "may_take": may_take, "sorting": order})


@requires(Permission.EXPORT_TAKE)
def export_new(request: PersonRequest) -> HttpResponse:
    """Ask for an export."""
    sites = [(site.code, str(site)) for site in Site.objects.open_to(request.user, Permission.EXPORT_TAKE)]
    now, language, cuts = timezone.now(), get_language() or "en", list(named_cuts())
    form = ExportForm(
        request.POST or None,
        sites=sites,
        may=request.user.may,
        cuts=cuts,
        at=now,
        initial={"cut": chosen(request, "cut", [kept.name for kept in cuts])},
    )
    if form.submits(request_export, language=language, by=request.user, at=now):
        return redirect(form.result)
    page = Page(
        title=_("Take an export"),
        button=_("Take the export"),
        up=reverse("exports:list"),
        up_label="",
        about=_("One file per form and table with the keys first, the codebook, and a manifest, in a zip."),
    )
    return render(request, "exports/choose.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.EXPORT_VIEW)
def export_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Show what one export holds, and how far it is; who waits is told only what is new."""
    export = get_object_or_404(register(), pk=pk)
    progress = progress_of(export)
    seen = f"{export.state}-{progress.done if progress else ''}"
    is_asked_again = "HX-Request" in request.headers
    if is_asked_again and request.GET.get("seen") == seen:
        return HttpResponse(status=NOTHING_NEW)
    waited = (timezone.now() - export.requested_at).total_seconds()
    context = {
        "export": export,
        "progress": progress,
        "seen": seen,
        "again_in": LATER if waited > LONG else SOON,
        "downloads": export.downloads.select_related("by"),
        "name_form": NameCutForm(),
        "may_take": request.user.may(Permission.EXPORT_TAKE),
        "selected": selection_in_words(Selection.of(export.selection)),
    }
    template = "exports/state.html" if is_asked_again else "exports/detail.html"
    return render(request, template, context)


@require_POST
@requires(Permission.EXPORT_TAKE)
@once_for_each_page
def export_cancel(request: PersonRequest, pk: int) -> HttpResponse:
    """Cancel an export that waits or is being written."""
    return redirect(cancel_export(export=_export(pk), by=request.user, at=timezone.now()))


@require_POST
@requires(Permission.EXPORT_TAKE)
@once_for_each_page
def export_delete(request: PersonRequest, pk: int) -> HttpResponse:
    """Delete the file of an export; the register keeps what it held."""
    return redirect(delete_file(export=_export(pk), by=request.user, at=timezone.now()))


@require_POST
@requires(Permission.EXPORT_TAKE)
def export_name(request: PersonRequest, pk: int) -> HttpResponse:
    """Give the cut of an export its name."""
    export = _export(pk)
    form = NameCutForm(request.POST)
    if form.submits(name_cut, kept=export.cut, by=request.user, at=timezone.now()):
        return redirect(export)
    context = {"export": export, "name_form": form, "may_take": True}
    return render(request, "exports/detail.html", context, status=form.status)


def _export(pk: int) -> Export:
    export: Export = get_object_or_404(register(), pk=pk)
    return export


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.EXPORT_TAKE)
def download(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Hand out the file, or the rest of it where a download broke off; that it was handed out is on record."""
    return answer_with_file(request, _export(pk), by=request.user, at=timezone.now())

"""A table of the trial as a page: filtered, sorted, its columns chosen; saved as a view, exported as it is seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.engine.codebook import tidy_file
from exports.cuts import Cut
from exports.data import (
    FILTERS,
    address_of,
    as_told_to,
    page_of_data,
    selection_of,
    usual_columns,
    view_in,
)
from exports.forms import ExportViewForm, SaveViewForm
from exports.jobs.services import save_definition
from exports.listed.catalogue import BY_NAME, TABLES
from exports.models import Rhythm
from exports.register import saved_exports
from exports.selected.narrowing import refuse_counting_by_arm
from exports.selected.selection import TESTS, Selection, TableView, UnknownTable, refuse_odd_view
from exports.selected.services import file_named
from exports.services import request_export
from exports.tables import File
from kernel.errors import Refusal
from kernel.reading import row_number
from kernel.row_keys import row_key, row_of
from trials.models import Site

LAST_PAGE = 10**9  # beyond any; a larger number is none that the database counts by


@require_GET
@requires(Permission.EXPORT_TAKE)
def data_list(request: PersonRequest) -> HttpResponse:
    """Show which tables there are to look at."""
    forms = [
        (form.code, str(form.title), [tidy_file(form.code, name) for name in form.groups])
        for form in catalogue.forms().values()
    ]
    return render(request, "exports/data_list.html", {"forms": forms, "tables": TABLES})


@require_GET
@requires(Permission.EXPORT_TAKE)
def data_table(request: PersonRequest, file_name: str) -> HttpResponse:
    """Show one table as the address asks for it, or as it was saved."""
    now = timezone.now()
    if saved := request.GET.get("saved", ""):
        kept = get_object_or_404(saved_exports(request.user), pk=row_of("exportdefinition", saved))
        view = Selection.of(kept.selection).view
        if view is None:
            raise Http404
        kept_of = _file(request, view.file, now)
        return redirect(f"{reverse('exports:data', args=[view.file])}?{urlencode(address_of(view, kept_of))}")
    return _page(request, _file(request, file_name, now), {}, at=now)


@require_POST
@requires(Permission.EXPORT_TAKE)
def data_export(request: PersonRequest, file_name: str) -> HttpResponse:
    """Export what is seen, and nothing else."""
    now = timezone.now()
    file = _file(request, file_name, now)
    form = ExportViewForm(request.POST)
    chosen = selection_of(_view(request, file), file, request.user)
    asked = {"forms": [file.form] if file.form else [], "sites": _sites(request), "selection": chosen}
    language = get_language() or "en"
    if form.submits(request_export, **asked, language=language, by=request.user, at=now):
        return redirect(form.result)
    return _page(request, file, {"export_form": form}, at=now)


@require_POST
@requires(Permission.EXPORT_TAKE)
def data_save(request: PersonRequest, file_name: str) -> HttpResponse:
    """Keep what is seen under a name, to be looked at and exported again."""
    now = timezone.now()
    file = _file(request, file_name, now)
    form = SaveViewForm(request.POST, auto_id="save_%s")
    chosen = selection_of(_view(request, file), file, request.user)
    asked = {"forms": [file.form] if file.form else [], "sites": _sites(request), "selection": chosen}
    told = {"rhythm": Rhythm.NEVER.value, "language": get_language() or "en", "data_format": "csv"}
    if form.submits(save_definition, **asked, **told, by=request.user, at=now):
        return redirect(
            f"{reverse('exports:data', args=[file_name])}?{urlencode({'saved': row_key(form.result)})}"
        )
    return _page(request, file, {"save_form": form}, at=now)


def _file(request: PersonRequest, file_name: str, at: datetime) -> File:
    try:
        return as_told_to(request.user, file_named(file_name, Cut(at=at, is_past=False)))
    except UnknownTable as none:
        raise Http404 from none


def _title(file: File) -> str:
    """Return what people call the table: the form, with the group of rows where it is one of them."""
    if not file.form:
        return str(BY_NAME[file.name].title)
    form = catalogue.form(file.form)
    return f"{form.title}: {form.groups[file.group].title}" if file.group else str(form.title)


def _sites(request: PersonRequest) -> list[str]:
    return list(Site.objects.open_to(request.user, Permission.EXPORT_TAKE).values_list("code", flat=True))


def _view(request: PersonRequest, file: File) -> TableView:
    return view_in(request.GET.dict(), file, lists=request.GET.getlist)


def _page(request: PersonRequest, file: File, forms: dict[str, Any], *, at: datetime) -> HttpResponse:
    view = _view(request, file)
    refused = ""
    try:
        refuse_odd_view(view, file)
        refuse_counting_by_arm(view, file)
    except Refusal as refusal:
        refused, view = str(refusal), view_in({}, file, lists=lambda _name: [])
    chosen = selection_of(view, file, request.user)
    asked = request.GET.get("page", "1")
    number = min(row_number(asked) or 1, LAST_PAGE)
    cut = Cut(at=at, is_past=False)
    page = page_of_data(file, chosen, cut, sites=_sites(request), number=number)
    filters = [*view.filters, *[None] * (FILTERS - len(view.filters))]
    saved = [
        each
        for each in saved_exports(request.user)
        if (each.selection or {}).get("view", {}).get("file") == file.name
    ]
    context = {
        "file": file,
        "title": _title(file),
        "page": page,
        "view": view,
        "filters": list(enumerate(filters)),
        "tests": TESTS.items(),
        "sort": view.order[0].lstrip("-") if view.order else "",
        "down": bool(view.order) and view.order[0].startswith("-"),
        "address": urlencode(address_of(view, file)),
        "chosen": () if view.columns == usual_columns(file) else view.columns,
        "saved": saved,
        "refused": refused,
        "export_form": ExportViewForm(),
        "save_form": SaveViewForm(auto_id="save_%s"),
    } | forms
    status = next((form.status for form in forms.values()), 422 if refused else 200)
    return render(request, "exports/data.html", context, status=status)

"""The register of imports, the preview of a file, and taking what is new of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.imports.forms import ImportForm, ImportStepForm, mapping_text
from exports.imports.models import CellOutcome, DataImport, ImportState
from exports.imports.services import carry_out_import, discard_import, mappings_of, preview_import
from kernel.choices import chosen
from kernel.row_keys import row_of

PER_PAGE = 30
CELLS_PER_PAGE = 200
ORDER = (CellOutcome.CONFLICT, CellOutcome.REFUSED, CellOutcome.NEW, CellOutcome.SAME)


def _imports(request: PersonRequest) -> Any:
    return DataImport.objects.open_to(request.user, Permission.CRF_EDIT).select_related(
        "requested_by", "site"
    )


@requires(Permission.CRF_EDIT)
def import_list(request: PersonRequest) -> HttpResponse:
    """Show which files were imported by whom, and what became of them."""
    rows = _imports(request).defer("table", "result")
    return render(
        request, "exports/imports.html", {"page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))}
    )


@transaction.non_atomic_requests
@requires(Permission.CRF_EDIT)
def import_new(request: PersonRequest) -> HttpResponse:
    """Choose a file and see what would become of it."""
    with transaction.atomic():
        names = sorted(set(mappings_of(request.user).values_list("mapping_name", flat=True)))
        again = _imports(request).filter(pk=row_of("dataimport", request.GET.get("of", ""))).first()
    initial = None
    if again:
        initial = {
            "form": again.form_code,
            "mapping_name": again.mapping_name,
            "mapping": mapping_text(again),
        }
    form = ImportForm(request.POST or None, request.FILES or None, initial=initial, used=names)
    if form.submits(preview_import, by=request.user, at=timezone.now()):
        return redirect(form.result)
    with transaction.atomic():
        return render(request, "exports/import_new.html", {"form": form, "names": names}, status=form.status)


@requires(Permission.CRF_EDIT)
def import_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Show what becomes of each cell of one file: what differs and what cannot be taken first."""
    return _page(request, get_object_or_404(_imports(request), pk=pk), ImportStepForm())


def _page(request: PersonRequest, shown: DataImport, form: ImportStepForm) -> HttpResponse:
    outcome = chosen(request, "outcome", CellOutcome.values)
    cells = [cell for cell in shown.result if outcome in ("", cell["outcome"])]
    cells.sort(key=lambda cell: (ORDER.index(CellOutcome(cell["outcome"])), cell["line"]))
    context = {
        "shown": shown,
        "form": form,
        "page": Paginator(cells, CELLS_PER_PAGE).get_page(request.GET.get("page")),
        "numbers": [(each, each.label, shown.counts.get(each, 0)) for each in ORDER],
        "chosen": outcome,
        "mapping": mapping_text(shown),
        "is_open": shown.state == ImportState.PREVIEWED and shown.requested_by_id == request.user.pk,
    }
    return render(request, "exports/import.html", context, status=form.status)


@transaction.non_atomic_requests
@require_POST
@requires(Permission.CRF_EDIT)
def import_take(request: PersonRequest, pk: int) -> HttpResponse:
    """Take what is new of the file."""
    return _ended(request, pk, carry_out_import)


@transaction.non_atomic_requests
@require_POST
@requires(Permission.CRF_EDIT)
def import_discard(request: PersonRequest, pk: int) -> HttpResponse:
    """Put the preview aside."""
    return _ended(request, pk, discard_import)


def _ended(request: PersonRequest, pk: int, end: Callable[..., DataImport]) -> HttpResponse:
    with transaction.atomic():
        shown = get_object_or_404(_imports(request), pk=pk)
    form = ImportStepForm(request.POST)
    if form.submits(end, data_import=shown, by=request.user, at=timezone.now()):
        return redirect(form.result)
    with transaction.atomic():
        return _page(request, shown, form)

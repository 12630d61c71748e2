"""The cuts that have a name, and what changed between two of them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.compare.changes import ChangedRow, ComparedScope
from exports.compare.services import changed_rows, scope_of, take_comparison, two_cuts
from exports.forms import ComparisonFileForm, ComparisonForm, TakeCutForm
from exports.kept_cuts.services import take_cut
from exports.models import KeptCut
from exports.register import named_cuts
from kernel.choices import say_unknown
from kernel.errors import Refusal
from kernel.files import OWN_FOLDER
from kernel.reading import row_number
from kernel.service_form import Page
from trials.models import Site

ROWS_PER_PAGE = 30
FILE_NAME = "CHANGES.csv"


@requires(Permission.EXPORT_TAKE)
def cut_list(request: PersonRequest) -> HttpResponse:
    """Show the cuts that have a name, and compare two of them."""
    sites = [(site.code, str(site)) for site in Site.objects.open_to(request.user, Permission.EXPORT_TAKE)]
    cuts = list(named_cuts())
    form = ComparisonForm(request.GET if "before" in request.GET else None, sites=sites, cuts=cuts)
    number = max(1, row_number(request.GET.get("page", "")) or 1)
    context = {"cuts": cuts, "form": form, "file_form": ComparisonFileForm(), "number": number}
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            pair = two_cuts(chosen["before"], chosen["after"])
        except Refusal as refusal:
            form.refuse(refusal)
            return render(request, "exports/cuts.html", context, status=form.status)
        what = scope_of(form=chosen["form"], sites=form.chosen_sites, by=request.user)
        rows = _rows_of_page(pair, what, number)
        if not rows and number > 1:
            say_unknown(request, str(number))
            number, rows = 1, _rows_of_page(pair, what, 1)
        context |= {
            "number": number,
            "pair": pair,
            "rows": rows[:ROWS_PER_PAGE],
            "previous": number - 1,
            "next": number + 1 if len(rows) > ROWS_PER_PAGE else 0,
        }
    return render(request, "exports/cuts.html", context, status=form.status)


def _rows_of_page(pair: tuple[KeptCut, KeptCut], what: ComparedScope, number: int) -> list[ChangedRow]:
    """Return the rows of a page, and one more where another page follows."""
    return changed_rows(*pair, what, first=(number - 1) * ROWS_PER_PAGE, number=ROWS_PER_PAGE + 1)


@transaction.non_atomic_requests
@requires(Permission.EXPORT_TAKE)
def cut_take(request: PersonRequest) -> HttpResponse:
    """Keep the present moment under a name."""
    form = TakeCutForm(request.POST or None)
    if form.submits(take_cut, by=request.user, at=timezone.now()):
        return redirect("exports:cuts")
    page = Page(
        _("Take a cut"),
        _("Take the cut"),
        reverse("exports:cuts"),
        _("Cuts and what changed"),
        _(
            "The data as they stand at this moment are kept under a name. They can be exported and compared later."
        ),
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.EXPORT_TAKE)
def comparison_file(request: PersonRequest) -> HttpResponse:
    """Hand out the comparison as a file; that it was handed out, and what for, is on record."""
    sites = [(site.code, str(site)) for site in Site.objects.open_to(request.user, Permission.EXPORT_TAKE)]
    form = ComparisonForm(request.GET, sites=sites, cuts=list(named_cuts()))
    asked = ComparisonFileForm(request.POST or None)
    if not (form.is_valid() and asked.is_valid()):
        context = {"cuts": list(named_cuts()), "form": form, "file_form": asked}
        return render(request, "exports/cuts.html", context, status=422)
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(mode=OWN_FOLDER, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as own:
        path = Path(own) / FILE_NAME
        take_comparison(
            path=path,
            before=form.cleaned_data["before"],
            after=form.cleaned_data["after"],
            form=form.cleaned_data["form"],
            sites=form.chosen_sites,
            purpose=asked.cleaned_data["purpose"],
            by=request.user,
            at=timezone.now(),
        )
        answer = HttpResponse(path.read_bytes(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return answer

"""The codebook as page, CSV, XLSX and PDF: every column of every file that leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from exports.codebook.completeness import Filled, filled_of
from exports.codebook.lines import HEADER, CodebookLine, codebook_of
from exports.cuts import Cut
from exports.listed.catalogue import BY_NAME, listed_files
from exports.masking import kept_visits
from exports.selected.narrowing import leaves_masked
from exports.tables import File, files_of
from kernel.choices import chosen
from kernel.paper import set_pages
from kernel.spreadsheets import as_csv, as_xlsx

BESIDE = "TABLES"  # in place of a form: the tables beside the forms
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
Lines = list[tuple[CodebookLine, Filled | None]]


@require_GET
@requires(Permission.PROTOCOL_VIEW)
def codebook(request: PersonRequest) -> HttpResponse:
    """Show what each column of one form, or of the tables beside the forms, is."""
    known = (*catalogue.forms(), BESIDE)
    code = chosen(request, "form", known, otherwise=known[0])
    forms = [(each.code, str(each.title)) for each in catalogue.forms().values()]
    now = timezone.now()
    context = {
        "code": code,
        "offered": [*forms, (BESIDE, _("Tables beside the forms"))],
        "files": _by_file(_lines(request, [code], at=now)),
        "masked": {file.name for file in _files([code], now) if leaves_masked(file)},
        "kept_visits": kept_visits(),
        "counts": request.user.may(Permission.CRF_VIEW),
    }
    return render(request, "exports/codebook.html", context)


@require_GET
@requires(Permission.PROTOCOL_VIEW)
def codebook_file(request: PersonRequest, code: str, ending: str) -> HttpResponse:
    """Hand out the codebook of one form, or of everything, as a file; the PDF is of one form."""
    if ending not in TYPES or (code == "all" and ending == "pdf"):
        raise Http404
    codes = [*catalogue.forms(), BESIDE] if code == "all" else [_chosen(code)]
    now = timezone.now()
    lines = _lines(request, codes, at=now)
    made: Any
    if ending == "pdf":
        context = {"files": _by_file(lines), "code": code, "at": now, "language": get_language() or "en"}
        made = set_pages(render_to_string("exports/pdf/codebook.html", context))
    else:
        rows = [[*HEADER, "FILLED", "OF"], *map(_row, lines)]
        made = as_csv(rows) if ending == "csv" else as_xlsx(rows, title="CODEBOOK")
    answer = HttpResponse(made, content_type=TYPES[ending])
    answer["Content-Disposition"] = (
        f'attachment; filename="codebook-{code}-{get_language() or "en"}.{ending}"'
    )
    return answer


def _chosen(code: str) -> str:
    if code != BESIDE and code not in catalogue.forms():
        raise Http404
    return code


def _lines(request: PersonRequest, codes: list[str], *, at: datetime) -> Lines:
    """Return the lines of the codebook; derived answers with how often they stand, for who may read answers."""
    forms = [catalogue.form(code) for code in codes if code != BESIDE]
    filled = filled_of(forms) if request.user.may(Permission.CRF_VIEW) else {}
    lines = codebook_of(_files(codes, at), "")
    return [(line, filled.get((line.file, line.column.header))) for line in lines]


def _files(codes: Iterable[str], at: datetime) -> Iterator[File]:
    cut = Cut(at=at, is_past=False)
    for code in codes:
        if code == BESIDE:
            yield from listed_files(cut, BY_NAME)
        else:
            yield from files_of(catalogue.form(code), cut=cut, identifying=True)


def _row(each: tuple[CodebookLine, Filled | None]) -> list[Any]:
    line, filled = each
    return [*line.as_row(), *((filled.number, filled.of) if filled else ("", ""))]


def _by_file(lines: Lines) -> list[tuple[str, Lines]]:
    """Return the lines by file; columns of single choices are left out: the joined column says the same."""
    files: dict[str, Lines] = {}
    for line, filled in lines:
        if "__" not in line.column.header:
            files.setdefault(line.file, []).append((line, filled))
    return list(files.items())

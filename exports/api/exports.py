"""Exports by API: the register, asking for one, its state, cancelling it, and its file; the cuts that have a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from crf import catalogue
from exports.api import shapes
from exports.api.bodies import bool_in, day_in, members_of, moment_in, text_in, texts_in
from exports.api.described import FILE, DescribedAnswer, named, page_of
from exports.api.endpoint import endpoint
from exports.api.pages import paged
from exports.api.parameters import PAGE
from exports.api.requests import CallerRequest
from exports.jobs.services import cancel_export
from exports.ranges import answer_with_file
from exports.register import named_cuts, register
from exports.selected.selection import Selection
from exports.services import request_export

EXPORTS = "exports"
PARTS = ("forms", "sites", "purpose", "cut_at", "cut", "cut_name", "language", "format", "leaves_country")
SELECTING = ("participants", "visits", "states", "since", "until", "tables", "arm", "identifying")


@extend_schema(summary="The register of exports; ask for one")
@endpoint(
    {"GET": Permission.EXPORT_VIEW, "POST": Permission.EXPORT_TAKE},
    tag=EXPORTS,
    answers={
        "GET": DescribedAnswer(page_of(named("Export"))),
        "POST": DescribedAnswer(named("ExportWithManifest"), status=202, body=named("ExportChoice")),
    },
    parameters={"GET": PAGE},
)
def exports(request: CallerRequest) -> Response:
    """List exports, or ask for one: ``{"forms": […], "sites": […], "purpose": "…", "cut_at": "…", "language": "…"}``.

    ``cut_at`` is a moment with its offset; without one the export shows what stands when it is written, and
    ``cut_name`` names that cut. ``cut`` is the name of a cut that was read before: its data files are the same, byte
    for byte. ``language`` is that of the labels: ``en`` or ``zh-hans``; ``format`` is ``csv``, ``csv-excel``,
    ``xlsx``, ``parquet``, ``xpt``, ``sav``, ``dta``, ``odm132``, ``odm20`` (each also with ``-all`` and ``-def``),
    ``acrf``, ``adam`` (for the statistician), ``casebooks`` or ``usdm``. ``participants``, ``visits``, ``states``,
    ``since`` and ``until`` (days of the last change) narrow it; ``tables`` names those beside the forms; ``arm`` is
    ``shown``, ``masked`` or ``absent``, by right; ``identifying`` takes answers that could say who somebody is, by a
    right of its own and on record. ``leaves_country`` says that the data leave mainland China: then a filing of human
    genetic resources and a basis must be in force.
    """
    if request.method == "POST":
        sent = members_of(request, *PARTS, *SELECTING)
        made = request_export(
            forms=texts_in(sent.get("forms", list(catalogue.forms())), "forms"),
            sites=texts_in(sent.get("sites", []), "sites"),
            purpose=text_in(sent.get("purpose", ""), "purpose"),
            cut_at=moment_in(sent.get("cut_at"), "cut_at"),
            cut=text_in(sent.get("cut", ""), "cut"),
            cut_name=text_in(sent.get("cut_name", ""), "cut_name"),
            language=text_in(sent.get("language", "en"), "language"),
            data_format=text_in(sent.get("format", "csv"), "format"),
            selection=_selection_in(sent),
            leaves_country=bool_in(sent.get("leaves_country", False), "leaves_country"),
            by=request.user,
            at=timezone.now(),
        )
        return Response(shapes.export_with_manifest(made), status=202)
    return paged(register(), request, lambda page: [shapes.export(row) for row in page])


def _selection_in(sent: Mapping[str, Any]) -> Selection:
    return Selection(
        participants=tuple(texts_in(sent.get("participants", []), "participants")),
        visits=tuple(texts_in(sent.get("visits", []), "visits")),
        states=tuple(texts_in(sent.get("states", []), "states")),
        since=day_in(sent.get("since"), "since"),
        until=day_in(sent.get("until"), "until"),
        tables=tuple(texts_in(sent["tables"], "tables")) if "tables" in sent else None,
        arm=text_in(sent.get("arm", ""), "arm"),
        identifying=bool_in(sent.get("identifying", False), "identifying"),
    )


@extend_schema(summary="Cuts that have a name")
@endpoint(
    {"GET": Permission.EXPORT_VIEW},
    tag=EXPORTS,
    answers={"GET": DescribedAnswer(page_of(named("Cut")))},
    parameters={"GET": PAGE},
)
def cuts(request: CallerRequest) -> Response:
    """List the cuts that have a name, by which an export of the same data is asked for again."""
    return paged(named_cuts(), request, lambda page: [shapes.cut(row) for row in page])


@extend_schema(summary="One export")
@endpoint(
    {"GET": Permission.EXPORT_VIEW},
    tag=EXPORTS,
    answers={"GET": DescribedAnswer(named("ExportWithManifest"))},
)
def export(request: CallerRequest, pk: int) -> Response:
    """Show one export with its manifest; ``progress`` says how many files are written while it is in work."""
    return Response(shapes.export_with_manifest(get_object_or_404(register(), pk=pk)))


@extend_schema(summary="Cancel an export")
@endpoint({"POST": Permission.EXPORT_TAKE}, tag=EXPORTS, answers={"POST": DescribedAnswer(named("Export"))})
def export_cancel(request: CallerRequest, pk: int) -> Response:
    """Cancel an export that waits or is being written; nothing of it is kept."""
    export = get_object_or_404(register(), pk=pk)
    return Response(shapes.export(cancel_export(export=export, by=request.user, at=timezone.now())))


@extend_schema(summary="The file of an export")
@endpoint(
    {"GET": Permission.EXPORT_TAKE, "HEAD": Permission.EXPORT_TAKE},
    tag=EXPORTS,
    answers=dict.fromkeys(
        ("GET", "HEAD"), DescribedAnswer(FILE, media_type="application/zip", also={206: FILE})
    ),
)
def export_file(request: CallerRequest, pk: int) -> Any:
    """Hand out the zip; that it was handed out is on record.

    The ``ETag`` is its SHA-256. A download that broke off goes on with ``Range: bytes=N-`` and ``If-Range``.
    """
    export = get_object_or_404(register(), pk=pk)
    return answer_with_file(request, export, by=request.user, at=timezone.now())

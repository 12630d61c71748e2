"""Imports by API: a file is previewed, which saves nothing; then what is new of it is taken, or it is put aside."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from exports.api.bodies import members_of, text_in
from exports.api.described import TEXT, DescribedAnswer, members, named, page_of
from exports.api.endpoint import endpoint
from exports.api.pages import paged
from exports.api.parameters import PAGE
from exports.api.requests import CallerRequest
from exports.imports.models import DataImport
from exports.imports.services import carry_out_import, discard_import, preview_import
from exports.sent import object_in
from kernel.clock import with_offset
from kernel.errors import Refusal
from kernel.row_keys import row_key

IMPORTS = "imports"
PARTS = ("form", "file", "file_name", "mapping", "mapping_name")


class NotBase64(Refusal):
    code = "exports.not_base64"
    message = _(
        "“file” must hold the bytes of the file in base64. Encode the whole file, then send it again."
    )
    status = 400


@extend_schema(summary="The register of imports; preview a file")
@endpoint(
    {"GET": Permission.CRF_EDIT, "POST": Permission.CRF_EDIT},
    tag=IMPORTS,
    answers={
        "GET": DescribedAnswer(page_of(named("Import"))),
        "POST": DescribedAnswer(
            named("ImportWithCells"),
            status=201,
            body=members(
                {
                    "form": TEXT,
                    "file": {
                        "type": "string",
                        "contentEncoding": "base64",
                        "description": "CSV in UTF-8, or XLSX",
                    },
                    "file_name": TEXT,
                    "mapping": {
                        "type": "object",
                        "description": "As the page shows it; else one is proposed",
                    },
                    "mapping_name": TEXT,
                },
                optional=("mapping", "mapping_name"),
            ),
        ),
    },
    parameters={"GET": PAGE},
)
def imports(request: CallerRequest) -> Response:
    """List imports, or see what would become of each cell of a file: nothing is saved by a preview.

    ``{"form": "LB", "file": "…", "file_name": "results.csv", "mapping": {…} }``. Without a mapping the one of
    ``mapping_name`` is used, else the columns are recognised by their names. Every check of a page speaks; what
    differs from what is stored is a conflict and never overwritten.
    """
    if request.method == "POST":
        sent = members_of(request, *PARTS)
        mapping = object_in(sent.get("mapping", {}), "mapping")
        made = preview_import(
            form=text_in(sent.get("form", ""), "form"),
            file=_bytes_in(sent.get("file", "")),
            file_name=text_in(sent.get("file_name", ""), "file_name"),
            mapping=json.dumps(mapping) if mapping else "",
            mapping_name=text_in(sent.get("mapping_name", ""), "mapping_name"),
            by=request.user,
            at=timezone.now(),
        )
        return Response(_with_cells(_open_to(request).get(pk=made.pk)), status=201)
    rows = _open_to(request).defer("table", "result")
    return paged(rows, request, lambda page: [_import(row) for row in page])


def _bytes_in(value: Any) -> bytes:
    try:
        return base64.b64decode(text_in(value, "file"), validate=True)
    except (binascii.Error, ValueError) as odd:
        raise NotBase64 from odd


def _open_to(request: CallerRequest) -> Any:
    rows = DataImport.objects.open_to(request.user, Permission.CRF_EDIT)
    return rows.select_related("requested_by", "site")


@extend_schema(summary="One import, cell by cell")
@endpoint(
    {"GET": Permission.CRF_EDIT}, tag=IMPORTS, answers={"GET": DescribedAnswer(named("ImportWithCells"))}
)
def data_import(request: CallerRequest, pk: int) -> Response:
    """Show what would become, or became, of each cell of the file."""
    return Response(_with_cells(get_object_or_404(_open_to(request), pk=pk)))


@transaction.non_atomic_requests
@extend_schema(summary="Take what is new of a file")
@endpoint(
    {"POST": Permission.CRF_EDIT}, tag=IMPORTS, answers={"POST": DescribedAnswer(named("ImportWithCells"))}
)
def import_take(request: CallerRequest, pk: int) -> Response:
    """Save what is new of a previewed file, each record for itself; taking the file once more changes nothing."""
    return _ended(request, pk, carry_out_import)


@transaction.non_atomic_requests
@extend_schema(summary="Put a preview aside")
@endpoint(
    {"POST": Permission.CRF_EDIT}, tag=IMPORTS, answers={"POST": DescribedAnswer(named("ImportWithCells"))}
)
def import_discard(request: CallerRequest, pk: int) -> Response:
    """Put a previewed file aside; nothing of it is saved."""
    return _ended(request, pk, discard_import)


def _ended(request: CallerRequest, pk: int, end: Callable[..., DataImport]) -> Response:
    members_of(request)
    with transaction.atomic():
        row = get_object_or_404(_open_to(request), pk=pk)
    end(data_import=row, by=request.user, at=timezone.now())
    with transaction.atomic():
        return Response(_with_cells(_open_to(request).get(pk=pk)))


def _import(row: DataImport) -> dict[str, Any]:
    zone = settings.TRIAL_TIME_ZONE
    return {
        "id": row_key(row),
        "state": row.state,
        "form": row.form_code,
        "site": row.site.code,
        "file_name": row.file_name,
        "sha256": row.digest,
        "mapping_name": row.mapping_name,
        "counts": row.counts,
        "requested_by": row.requested_by.username,
        "requested_at": with_offset(row.requested_at, zone),
        "finished_at": with_offset(row.finished_at, zone) if row.finished_at else None,
    }


def _with_cells(row: DataImport) -> dict[str, Any]:
    mapping = {name: value for name, value in row.mapping.items() if value}
    return {**_import(row), "mapping": mapping, "cells": row.result}

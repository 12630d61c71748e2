"""Saved listings for a program: which there are, and the rows of one, page by page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from crf.listings.definition import ListingDefinition
from crf.listings.rows import values_of_page
from crf.models import SavedListing
from exports.api.described import DescribedAnswer, named, page_of
from exports.api.endpoint import endpoint
from exports.api.pages import paged
from exports.api.parameters import PAGE, PURPOSE, QueryParameter, counted
from exports.api.requests import CallerRequest
from exports.services import record_reading
from kernel.clock import with_offset
from kernel.row_keys import row_key

CLEANING = "cleaning"
PAGE_NUMBER = QueryParameter("page", {"type": "integer", "minimum": 1}, "The page of rows, from 1.", counted)


@extend_schema(summary="Saved listings")
@endpoint(
    {"GET": Permission.CRF_VIEW},
    tag=CLEANING,
    answers={"GET": DescribedAnswer(page_of(named("Listing")))},
    parameters={"GET": PAGE},
)
def listings(request: CallerRequest) -> Response:
    """List the caller's own listings and those that are shared."""
    return paged(_open_to(request), request, lambda page: [_listing(row) for row in page])


def _open_to(request: CallerRequest) -> Any:
    return SavedListing.objects.open_to(request.user, Permission.CRF_VIEW).select_related("owner")


def _listing(row: SavedListing) -> dict[str, Any]:
    definition = ListingDefinition.from_json(row.definition)
    return {
        "id": row_key(row),
        "name": row.name,
        "owner": row.owner.username,
        "shared": row.is_shared,
        "form": definition.read[0].form.code,
        "columns": list(definition.shown),
        "created_at": with_offset(row.created_at, settings.TRIAL_TIME_ZONE),
    }


@extend_schema(summary="The rows of a listing")
@endpoint(
    {"GET": Permission.CRF_VIEW},
    tag=CLEANING,
    answers={"GET": DescribedAnswer(named("ListingRows"))},
    parameters={"GET": (PURPOSE, PAGE_NUMBER)},
)
def listing_rows(request: CallerRequest, pk: int) -> Response:
    """Show one page of a listing as its file has it: codes as codes, without answers that could say who somebody is.

    Reading asks for ``purpose`` and is an act on record. ``next`` is the number of the next page.
    """
    listing = get_object_or_404(_open_to(request), pk=pk)
    form = ListingDefinition.from_json(listing.definition).read[0].form
    record_reading(form=form, purpose=request.GET.get("purpose", ""), by=request.user, at=timezone.now())
    number = int(request.GET.get("page", "1"))
    (columns, *rows), is_last = values_of_page(listing, request.user, number=number)
    following = None if is_last else number + 1
    return Response({"columns": columns, "rows": rows, "next": following})

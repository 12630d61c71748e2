"""Listings: those that one can read, one of them, the builder, reviews of rows, and files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.listings import services
from crf.listings.definition import ListingDefinition
from crf.listings.rows import ListingPage, page_of
from crf.models import SavedListing
from crf.page.listing_forms import ListingForm, PurposeForm, SourcesForm
from crf.queries.assigning import role_choices
from kernel.choices import chosen
from kernel.once import once_for_each_page
from kernel.reading import UnreadableError, whole
from kernel.row_keys import row_key

SHOWN_FILES = 5


@require_GET
@requires(Permission.CRF_VIEW)
def listings(request: PersonRequest) -> HttpResponse:
    """Show the listings of one's own and those that are shared."""
    rows = SavedListing.objects.open_to(request.user, Permission.CRF_VIEW).select_related("owner")
    return render(request, "crf/listings.html", {"listings": rows})


def _listing(request: PersonRequest, pk: int) -> SavedListing:
    listing: SavedListing = get_object_or_404(
        SavedListing.objects.open_to(request.user, Permission.CRF_VIEW).select_related("owner"), pk=pk
    )
    return listing


@require_GET
@requires(Permission.CRF_VIEW)
def listing(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one page of a listing: all rows, or those that are new or changed since one's own review."""
    return _shown(request, _listing(request, pk), PurposeForm())


def _shown(request: PersonRequest, listing: SavedListing, form: PurposeForm) -> HttpResponse:
    show = chosen(request, "show", ["all", "new"], otherwise="all")
    page = page_of(listing, request.user, number=_page_number(request), show=show)
    definition = ListingDefinition.from_json(listing.definition)
    base, user = definition.read[0], request.user
    asked = base.group.questions if base.group else base.form.questions
    shown: dict[str, Any] = {
        "listing": listing,
        "page": page,
        "columns": definition.shown.values(),
        "show": show,
        "is_mine": listing.owner_id == user.pk,
        "may_ask": user.may(Permission.QUERY_RAISE),
        "assignees": role_choices(),
        "target_choices": [(name, str(question.text)) for name, question in asked.items()],
        "may_take": user.may(Permission.EXPORT_TAKE),
        "form": form,
        "files": listing.files.select_related("taken_by")[:SHOWN_FILES],
        "kinds": services.FILE_KINDS,
        **_neighbours(page),
    }
    return render(request, "crf/listing.html", shown, status=form.status)


def _page_number(request: PersonRequest) -> int:
    try:
        return whole(request.GET.get("page", "1"))
    except UnreadableError:
        return 1


def _neighbours(page: ListingPage) -> dict[str, int | None]:
    return {
        "previous": page.number - 1 if page.number > 1 else None,
        "next": page.number + 1 if page.number < page.pages else None,
    }


@requires(Permission.CRF_VIEW)
def new_listing(request: PersonRequest) -> HttpResponse:
    """Choose the forms of a new listing, then its columns, filters and order."""
    form = SourcesForm(request.GET or None)
    if not request.GET or not form.is_valid():
        return render(request, "crf/listing_sources.html", {"form": form})
    return _built(request, None, form.definition())


@requires(Permission.CRF_VIEW)
def change_listing(request: PersonRequest, pk: int) -> HttpResponse:
    """Change one's own listing; somebody else's becomes a copy of one's own."""
    stored = _listing(request, pk)
    is_mine = stored.owner_id == request.user.pk
    return _built(
        request, stored if is_mine else None, ListingDefinition.from_json(stored.definition), like=stored
    )


def _built(
    request: PersonRequest,
    listing: SavedListing | None,
    definition: ListingDefinition,
    *,
    like: SavedListing | None = None,
) -> HttpResponse:
    initial = {"name": like.name, "is_shared": like.is_shared and listing is not None} if like else {}
    form = ListingForm(request.POST or None, definition=definition, initial=initial)
    if form.submits(services.save_listing, listing=listing, by=request.user, at=timezone.now()):
        return redirect(form.result)
    shown = {"form": form, "listing": listing, "like": like}
    return render(request, "crf/listing_form.html", shown, status=form.status)


@require_POST
@requires(Permission.CRF_VIEW)
@once_for_each_page
def archive_listing(request: PersonRequest, pk: int) -> HttpResponse:
    services.archive_listing(listing=_listing(request, pk), by=request.user, at=timezone.now())
    messages.success(request, _("The listing is put away."))
    return redirect("crf:listings")


@require_POST
@requires(Permission.CRF_VIEW)
@once_for_each_page
def review_rows(request: PersonRequest, pk: int) -> HttpResponse:
    """Mark the rows of a page as reviewed, in the versions that it showed."""
    stored = _listing(request, pk)
    rows = [
        (key, version) for key, _at, version in (each.partition("@") for each in request.POST.getlist("seen"))
    ]
    number = services.review_rows(listing=stored, rows=rows, by=request.user, at=timezone.now())
    said = ngettext("{number} row is marked as reviewed.", "{number} rows are marked as reviewed.", number)
    messages.success(request, said.format(number=number))
    return redirect(f"{stored.get_absolute_url()}?show=new")


@require_POST
@requires(Permission.EXPORT_TAKE)
def take_listing(request: PersonRequest, pk: int, kind: str) -> HttpResponse:
    """Take the listing as a file; who took it and what for is on record."""
    if kind not in services.FILE_KINDS:
        raise Http404
    stored, form = _listing(request, pk), PurposeForm(request.POST)
    about = {"listing": stored, "kind": kind, "by": request.user, "at": timezone.now()}
    if not form.submits(services.take_file, **about):
        return _shown(request, stored, form)
    response = HttpResponse(form.result, content_type=services.FILE_KINDS[kind])
    response["Content-Disposition"] = f'attachment; filename="PALACE-3_listing_{row_key(stored)}.{kind}"'
    return response

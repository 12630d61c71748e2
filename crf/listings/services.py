"""Listings are kept, shared and put away; rows are reviewed; a file leaves on record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.listings.definition import KEYS, TESTS, ListingDefinition
from crf.listings.rows import reader_of, rows_for_file
from crf.listings.select import kept_key, kept_version, select_of
from crf.models import ListingFile, RowReview, SavedListing
from kernel.errors import Forbidden, Refusal
from kernel.row_keys import UnknownKey
from kernel.spreadsheets import as_csv, as_xlsx

FILE_KINDS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_REVIEWED: Final = 500


class NotYourListing(Forbidden):
    code = "crf.not_your_listing"
    message = _("A listing is changed and put away by whoever made it. Copy it to have one of your own.")


class ListingWithoutName(Refusal):
    code = "crf.listing_without_name"
    fields = ("name",)
    message = _("Give the listing a name, by which it is found again.")
    status = 422


class ListingWithoutColumns(Refusal):
    code = "crf.listing_without_columns"
    fields = ("columns",)
    message = _("Choose at least one column.")
    status = 422


class ListingPurposeMissing(Refusal):
    code = "crf.listing_purpose_missing"
    fields = ("purpose",)
    message = _("Say what the file is for: the purpose is kept with the file in the register.")
    status = 422


class RowsToReview(Refusal):
    code = "crf.rows_to_review"
    message = _("At most {most} rows are marked at once. Mark the rows of one page.")


class FileRightMissing(Forbidden):
    code = "crf.file_right_missing"
    message = _(
        "Files with answers of many participants are taken by who may take exports. Ask the data manager."
    )


def save_listing(
    *,
    listing: SavedListing | None = None,
    name: str,
    definition: ListingDefinition,
    is_shared: bool,
    by: User,
    at: datetime,
) -> SavedListing:
    """The listing stands, new or changed; who may not read one of its forms does not keep it.

    Refuses: somebody else's listing; no name or column; a source, column or filter that cannot be read; a column that
    tells the arm to who is spared it. Locks: the listing.
    """
    if not name.strip():
        raise ListingWithoutName
    if not definition.columns:
        raise ListingWithoutColumns
    for each in (*definition.columns, *(name.removeprefix("-") for name in definition.order)):
        if each not in KEYS:
            definition.column(each)
    with open_act("crf:listing:save", by=by, at=at) as act:
        locked = SavedListing(owner=by, created_at=at) if listing is None else _locked(listing, by)
        select_of(definition, reader_of(by, locked, definition))
        locked.name, locked.definition, locked.is_shared = name.strip(), definition.as_json(), is_shared
        locked.act = act
        locked.save()
    return locked


def _locked(listing: SavedListing, by: User) -> SavedListing:
    locked: SavedListing = SavedListing.objects.select_for_update().get(pk=listing.pk)
    if locked.owner_id != by.pk:
        raise NotYourListing
    return locked


def archive_listing(*, listing: SavedListing, by: User, at: datetime) -> SavedListing:
    """The listing is put away and stands in no list any more; its register of files stays.

    Refuses: somebody else's listing. Locks: the listing.
    """
    with open_act("crf:listing:archive", by=by, at=at) as act:
        locked = _locked(listing, by)
        locked.archived_at, locked.act = locked.archived_at or at, act
        locked.save(update_fields=["archived_at", "act"])
    return locked


def review_rows(*, listing: SavedListing, rows: Iterable[tuple[str, str]], by: User, at: datetime) -> int:
    """The person has reviewed the rows in the versions that the page showed; return how many were marked.

    What no page called a row is passed over.

    Refuses: more rows than a page can hold. Locks: the person's reviews of the rows.
    """
    seen = dict(_shown_rows(ListingDefinition.from_json(listing.definition), rows))
    if len(seen) > MOST_REVIEWED:
        raise RowsToReview(most=MOST_REVIEWED)
    with open_act("crf:listing:review", by=by, at=at) as act:
        kept = RowReview.objects.select_for_update().filter(listing=listing, user=by, row_key__in=seen)
        known = {review.row_key: review for review in kept}
        marked = 0
        for key, version in sorted(seen.items()):
            review = known.get(key) or RowReview(listing=listing, user=by, row_key=key)
            if review.version != version:
                review.version, review.reviewed_at, review.act = version, at, act
                review.save()
                marked += 1
    return marked


def _shown_rows(definition: ListingDefinition, rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for told, version in rows:
        with suppress(UnknownKey):
            yield kept_key(definition, told), kept_version(definition, version)


def take_file(*, listing: SavedListing, kind: str, purpose: str, by: User, at: datetime) -> bytes:
    """The rows leave as a file, and who took them, what for and what exactly is on record (EMA 2023, 6.2.1).

    Refuses: who may not take exports; no purpose; more rows than a file takes.
    """
    if not by.may(Permission.EXPORT_TAKE):
        raise FileRightMissing
    if not purpose.strip():
        raise ListingPurposeMissing
    with open_act("crf:listing:take", by=by, at=at, reason=purpose) as act:
        rows = rows_for_file(listing, by)
        content = as_csv(rows) if kind == "csv" else as_xlsx(rows, title=listing.name)
        ListingFile.objects.create(
            listing=listing,
            taken_by=by,
            taken_at=at,
            purpose=purpose.strip(),
            kind=kind,
            definition=listing.definition,
            rows=len(rows) - 1,
            digest=hashlib.sha256(content).hexdigest(),
            act=act,
        )
    return content


def tests() -> list[tuple[str, str]]:
    """Return how a column can be tried, in words."""
    return [(name, str(words)) for name, words in TESTS.items()]

"""Cursor paging: a page costs the same however far in it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from exports.api.changes import changed, changed_until, said_in
from kernel.row_keys import key_of, row_of

CURSOR = "cursor"  # the kind of a key that says how far a caller has read


class ByKey(CursorPagination):
    """Pages in the order in which rows were written; ``?page_size=`` up to 500."""

    ordering = "pk"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the place that the cursor names; one that somebody made up names none."""
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor is None or not cursor.position:
            return cursor
        if (place := row_of(CURSOR, str(cursor.position))) is None:
            raise NotFound(self.invalid_cursor_message)
        position: Any = str(place)  # as the rows on the page have theirs
        return Cursor(cursor.offset, cursor.reverse, position)

    def encode_cursor(self, cursor: Cursor) -> str:
        """Return the address of a page; how far it is says nothing of rows that the caller does not see."""
        key: Any = key_of(CURSOR, int(cursor.position)) if cursor.position else cursor.position
        address: str = super().encode_cursor(Cursor(cursor.offset, cursor.reverse, key))
        return address


def paged_changes(
    rows: Any,
    request: Request,
    shaped: Callable[[list[Any]], list[dict[str, Any]]],
    *,
    versions: str = "events",
) -> Response:
    """Return one page of those rows that ``changed_since`` asks for, and in ``changed_until`` how to go on later.

    Of a list of several pages the first one's ``changed_until`` counts.
    """
    until = changed_until()
    answer = paged(changed(rows, said_in(request), versions=versions), request, shaped)
    answer.data = {"changed_until": until, **answer.data}
    return answer


def paged(rows: Any, request: Request, shaped: Callable[[list[Any]], list[dict[str, Any]]]) -> Response:
    """Return one page of ``rows`` as ``shaped`` shows them, with the addresses of the next and previous page."""
    pages = ByKey()
    shown: list[Any] = pages.paginate_queryset(rows, request) or []
    answer: Response = pages.get_paginated_response(shaped(shown))
    return answer

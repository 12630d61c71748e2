"""Where a form is filled, a log is listed."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from kernel.row_keys import key_of


def form_url(
    number: str, code: str, *, visit_id: int | None = None, sequence: int = 1, draft: str = ""
) -> str:
    """Return the address of one record, whether it exists or not.

    ``sequence=0`` begins a new one of a log; ``draft`` names the opened page whose draft is shown on it.
    """
    page = (
        reverse("crf:form", args=[number, code, sequence])
        if sequence != 1
        else reverse("crf:form", args=[number, code])
    )
    return at_visit(page, visit_id, draft=draft)


def log_url(number: str, code: str) -> str:
    """Return the address of the list of a form that is filled many times."""
    return reverse("crf:log", args=[number, code])


def at_visit(page: str, visit_id: int | None, **also: str) -> str:
    """Return the address of something about a record, with the visit that the record is of and what else is named."""
    asked = {"visit": key_of("visit", visit_id)} if visit_id else {}
    asked |= {name: value for name, value in also.items() if value}
    return f"{page}?{urlencode(asked)}" if asked else page

"""Where a form is filled, a log is listed."""

from __future__ import annotations

from django.urls import reverse


def form_url(number: str, code: str, *, visit_id: int | None = None, sequence: int = 1) -> str:
    """Return the address of one record, whether it exists or not; ``sequence=0`` begins a new one of a log."""
    at_visit = f"?visit={visit_id}" if visit_id else ""
    record_key = (
        reverse("crf:form", args=[number, code, sequence])
        if sequence != 1
        else reverse("crf:form", args=[number, code])
    )
    return record_key + at_visit


def log_url(number: str, code: str) -> str:
    """Return the address of the list of a form that is filled many times."""
    return reverse("crf:log", args=[number, code])

"""A calendar day in words that no reader can misread: 23 Nov 2026, in Chinese 2026-11-23."""

from __future__ import annotations

from datetime import date

from django.utils.translation import get_language


def written(day: date) -> str:
    """Return ``day`` as the reader's language writes it, the month never as a number alone in English."""
    if (get_language() or "").startswith("zh"):
        return f"{day:%Y-%m-%d}"
    return f"{day.day} {day:%b %Y}"

"""Reading the register of exports."""

from __future__ import annotations

from django.db.models import QuerySet

from exports.models import Export


def register() -> QuerySet[Export]:
    """Return every export that the database shows the person, newest first."""
    return Export.objects.select_related("requested_by")

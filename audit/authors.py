"""Whose doing a row is: the act that wrote what it says, not the one that merely moved it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from audit.models import Act

MOVING = "trials:transfer:confirm"


def acts_behind(rows: Iterable[Any]) -> dict[int, Act]:
    """Map the number of each row to the act that wrote it as it reads now; a transfer to another site wrote nothing."""
    standing = list(rows)
    if not standing:
        return {}
    versions: Any = type(standing[0])._meta.get_field("events").related_model
    earlier = versions.objects.filter(pgh_obj_id__in=[row.pk for row in standing])
    earlier = earlier.exclude(act__verb=MOVING).select_related("act__by").order_by("pgh_id")
    return {version.pgh_obj_id: version.act for version in earlier}


def name_authors(rows: Iterable[Any]) -> list[Any]:
    """Return the rows, each with the act that wrote it as it reads now in place of the one that moved it."""
    standing = list(rows)
    acts = acts_behind(standing)
    for row in standing:
        row.act = acts.get(row.pk, row.act)
    return standing

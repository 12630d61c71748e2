"""The list of visits reads as many rows as it shows: its order is that of an index, of a site and of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.permissions import Permission
from followup.agenda import Week, shown
from followup.models import Visit
from tests.world import TODAY, World, as_person
from trials.models import Participant

pytestmark = pytest.mark.django_db


def nodes(plan: dict[str, Any]) -> list[str]:
    return [plan["Node Type"], *(name for part in plan.get("Plans", ()) for name in nodes(part))]


@pytest.mark.parametrize("reader", ["coordinator", "data_manager"])
def test_point_24_the_list_of_visits_is_not_sorted(
    world: World, randomized: Callable[..., Participant], reader: str
) -> None:
    """Before, all the visits to come of a site were sorted for the fifty of a page: 104 ms for 35,600 people."""
    randomized()
    user = getattr(world, reader)
    with as_person(user), transaction.atomic():
        visits = Visit.objects.open_to(user, Permission.VISIT_VIEW)
        with connection.cursor() as cursor:  # a table so small would be read as a whole, and sorted
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
            )
        rows = shown(visits, show="list", week=Week.around(TODAY)).values("pk")[:50]
        [plan] = json.loads(rows.explain(format="json"))
    found = nodes(plan["Plan"])
    assert [name for name in found if "Sort" in name] == []
    assert [name for name in found if name.startswith("Index")]

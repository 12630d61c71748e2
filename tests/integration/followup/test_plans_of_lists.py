"""The list of visits reads as many rows as it shows: its order is that of an index, of a site and of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.permissions import Permission
from followup.agenda import Week, shown
from followup.calendar import Month, first_of_each_day, shown_on
from followup.models import Visit
from tests.world import TODAY, World, as_person
from trials.models import Participant, Site

pytestmark = pytest.mark.django_db


ONLY_INDEXES = "".join(
    f"SET LOCAL enable_{way} = off;" for way in ("seqscan", "bitmapscan", "sort", "incremental_sort")
)


def nodes(plan: dict[str, Any]) -> list[str]:
    return [plan["Node Type"], *(name for part in plan.get("Plans", ()) for name in nodes(part))]


@pytest.mark.parametrize("show", ["list", "week"])
@pytest.mark.parametrize("reader", ["coordinator", "data_manager"])
def test_point_24_the_list_of_visits_is_not_sorted(
    world: World, randomized: Callable[..., Participant], reader: str, show: str
) -> None:
    """Before, all the visits to come of a site were sorted for the fifty of a page: 104 ms for 35,600 people."""
    randomized()
    user = getattr(world, reader)
    with as_person(user), transaction.atomic():
        visits = Visit.objects.open_to(user, Permission.VISIT_VIEW)
        with connection.cursor() as cursor:  # a table so small would be read as a whole
            cursor.execute(ONLY_INDEXES)
        rows = shown(visits, show=show, week=Week.around(TODAY)).values("pk")[:50]
        [plan] = json.loads(rows.explain(format="json"))
    found = nodes(plan["Plan"])
    assert [name for name in found if "Sort" in name] == []
    assert [name for name in found if name.startswith("Index")]


@pytest.mark.parametrize("reader", ["coordinator", "data_manager"])
def test_point_24_a_month_looks_each_day_up_for_itself(
    world: World, randomized: Callable[..., Participant], reader: str
) -> None:
    """Before, the keys of all the visits of six weeks were sorted: 15 ms for 35,600 people."""
    people = [randomized(), randomized()]
    days = [day for week in Month.of(TODAY).weeks for day in week]
    user = getattr(world, reader)
    with as_person(user), transaction.atomic(), CaptureQueriesContext(connection) as asked:
        visits = Visit.objects.open_to(user, Permission.VISIT_VIEW)
        sites = list(Site.objects.open_to(user, Permission.VISIT_VIEW).values_list("pk", flat=True))
        found = first_of_each_day(visits, days=days, sites=sites)
        current = [visit for visit in visits.current() if shown_on(visit) in days]
        with connection.cursor() as cursor:
            cursor.execute(ONLY_INDEXES)
            by_day = next(query["sql"] for query in asked if "LATERAL" in query["sql"])
            cursor.execute(f"EXPLAIN (FORMAT JSON) {by_day}")
            [[[plan]]] = cursor.fetchall()
    assert {visit.pk for visit in found} == {visit.pk for visit in current}
    assert {visit.of_the_day % len(people) for visit in found} == {0}  # type: ignore[attr-defined]
    found_nodes = nodes(plan["Plan"])
    assert "Limit" in found_nodes
    assert [name for name in found_nodes if "Sort" in name] == []

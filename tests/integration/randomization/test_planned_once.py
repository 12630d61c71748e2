"""The functions of the list look up by index and are planned once, also after one of them was replaced."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

CHAPTERS = ("1.9",)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["own_act", "take_next_slot", "take_slot_on_paper", "reveal"])
def test_point_24_a_function_of_the_list_is_planned_once(name: str) -> None:
    """Replacing ``take_next_slot`` had dropped both: allocations took twice the time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig FROM pg_proc WHERE oid = %s::regproc", [f"allocation.{name}"])
        [[settings]] = cursor.fetchall()
    assert {"enable_seqscan=off", "plan_cache_mode=force_generic_plan"} <= set(settings)


def test_point_24_the_first_free_place_is_the_first_entry_of_an_index(superuser: psycopg.Connection) -> None:
    """All free places of a stratum had been read for the lowest of them."""
    free = "SELECT sequence FROM allocation.slot WHERE stratum_id = 1 AND participant_id IS NULL"
    superuser.execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
    plan = superuser.execute(f"EXPLAIN {free} ORDER BY sequence LIMIT 1").fetchall()
    assert "allocation_slot_free" in str(plan)

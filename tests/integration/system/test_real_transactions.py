"""A test with real transactions leaves no trace: the next one begins with the same rows under the same numbers."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.database import empty, filled_tables
from tests.world import screen
from tests.world_database import committed_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_neither_rows_nor_numbers_are_left(superuser: psycopg.Connection[Any]) -> None:
    first = screen(committed_world())
    assert "public.trials_participant" in filled_tables(superuser)
    empty(superuser)
    assert filled_tables(superuser) == []
    again = screen(committed_world())
    assert (again.pk, again.act_id, again.number) == (first.pk, first.act_id, first.number)

"""A statement on a table with a row policy outside a transaction fails, in the product and in the tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from kernel.postgresql.base import PolicedOutsideTransaction
from kernel.scope import EVERYTHING, scope
from kernel.tasks import task
from tests.world import World
from trials.models import Participant, Site

TABLES = "SELECT relname FROM pg_class WHERE relrowsecurity"


@pytest.fixture
def everywhere() -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


@pytest.mark.django_db(transaction=True)
def test_rare_01_a_statement_on_a_policed_table_outside_a_transaction_raises(
    world: World, everywhere: None
) -> None:
    with pytest.raises(PolicedOutsideTransaction, match="trials_site: outside a transaction"):
        Site.objects.exists()
    with pytest.raises(PolicedOutsideTransaction):
        list(Participant.objects.filter(site__code="01").iterator())
    with pytest.raises(PolicedOutsideTransaction):
        Site.objects.update(city="nowhere")
    with transaction.atomic():
        assert Site.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_rare_01_every_table_with_a_policy_is_guarded(world: World, everywhere: None, superuser: Any) -> None:
    """Each by the SQL that a program may write: quoted by Django, or by hand; under any scope or none."""
    tables = [row[0] for row in superuser.execute(TABLES).fetchall()]
    assert len(tables) > 60
    for number, table in enumerate(tables):
        name = f'"{table}"' if number % 2 else f"public.{table}"
        with pytest.raises(PolicedOutsideTransaction, match=table), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 (names from the catalogue)


@pytest.mark.django_db(transaction=True)
def test_tables_without_a_policy_may_be_read_anywhere() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM followup_taskrun")
        assert cursor.fetchone() == (0,)


@task(name="tests:count_sites")
def count_sites() -> int:
    return Site.objects.count()


@pytest.mark.django_db
def test_rare_01_a_test_cannot_lend_its_own_transaction_to_a_task(world: World, everywhere: None) -> None:
    """The transaction around a test hid that a task opened none."""
    assert Site.objects.count() == 2
    with pytest.raises(PolicedOutsideTransaction):
        count_sites()

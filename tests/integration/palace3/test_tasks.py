"""A task is sent by its name, after the transaction that asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from celery.exceptions import NotRegistered
from django.db import transaction

from kernel.tasks import send
from operations.models import UnsentTask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    keys: list[int] = []
    monkeypatch.setattr("exports.tasks.write.delay", keys.append)
    return keys


def test_a_task_goes_out_after_the_commit(sent: list[int]) -> None:
    with transaction.atomic():
        send("exports:write", 7)
        assert sent == []
    assert sent == [7]


def test_a_task_goes_out_at_once_where_no_transaction_is_open(sent: list[int]) -> None:
    send("exports:write", 7)
    assert sent == [7]


def test_nothing_goes_out_when_the_transaction_is_rolled_back(sent: list[int]) -> None:
    with transaction.atomic():
        send("exports:write", 7)
        transaction.set_rollback(True)
    assert sent == []


def test_a_name_that_no_task_bears_is_refused_before_the_commit() -> None:
    with pytest.raises(NotRegistered, match="exports:wirte"), transaction.atomic():
        send("exports:wirte", 7)


def away(*_: Any) -> None:
    raise ConnectionError("no broker")


def test_a_broker_that_is_away_fails_nothing_and_what_beat_does_not_take_up_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("exports.tasks.write.delay", away)
    with transaction.atomic():
        send("exports:write", 7, may_fail=True)
    assert not UnsentTask.objects.exists()
    with transaction.atomic():
        send("exports:write", 7)
    assert list(UnsentTask.objects.values_list("task", "arguments")) == [("exports:write", [7])]

"""A clock that stands where a test puts it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.integration.trials.contact_world import SENT_AT


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the time that views and tasks read; it stands still."""

    def put(at: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: at)

    put(SENT_AT)
    return put

"""Fixtures for sites, people and who is registered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.scope import EVERYTHING, scope


@pytest.fixture
def everything(db: None) -> Iterator[None]:
    """The test sees every site, as the system does."""
    with scope(user_id=None, sites=EVERYTHING):
        yield

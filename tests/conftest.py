"""Tests get Django and a real PostgreSQL (``tests.database``), unless all that run are of pure modules.

``scripts/one_test.py`` leaves pytest-django out (``-p no:django``) where no test that was asked for needs it.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code: no property depends on how fast examples are made.
settings.register_profile("palace3", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# `make api-fuzz` asks for it by name: more examples, and other ones each time.
settings.register_profile("api-fuzz", settings.get_profile("palace3"))
settings.load_profile("palace3")


def pytest_configure(config: pytest.Config) -> None:
    """Load the database where pytest-django is; else whoever imports Django is told at once."""
    if config.pluginmanager.hasplugin("django"):
        for name in ("tests.clock", "tests.database", "tests.world_database", "tests.played_database"):
            config.pluginmanager.register(import_module(name), name)
    else:
        sys.modules["django"] = None  # type: ignore[assignment]  # how Python spells "not to be imported"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long are begun first, once the order is drawn: else one process ends long before the other."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    browsers = {item.path for item in items if "e2e" in item.path.parts}
    items.sort(key=lambda item: (item.path not in slow, item.path not in browsers))


def pytest_collection_finish() -> None:
    """What is loaded by now stays for the whole run: the collector of garbage need not go through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

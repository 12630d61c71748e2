"""Tests get Django and a real PostgreSQL (``tests.database``), unless all that run are of pure modules.

``scripts/one_test.py`` leaves pytest-django out (``-p no:django``) where no test that was asked for needs it.
"""

from __future__ import annotations

import sys
from importlib import import_module

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code: no property depends on how fast examples are made.
settings.register_profile("palace3", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("palace3")


def pytest_configure(config: pytest.Config) -> None:
    """Load the database where pytest-django is; else whoever imports Django is told at once."""
    if config.pluginmanager.hasplugin("django"):
        for name in ("tests.clock", "tests.database"):
            config.pluginmanager.register(import_module(name), name)
    else:
        sys.modules["django"] = None  # type: ignore[assignment]  # how Python spells "not to be imported"

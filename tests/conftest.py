"""Tests get Django and a real PostgreSQL (``tests.database``), unless all that run are of pure modules.

``scripts/one_test.py`` leaves pytest-django out (``-p no:django``) where no test that was asked for needs it.
"""

from __future__ import annotations

import sys
from importlib import import_module

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Load the database where pytest-django is; else whoever imports Django is told at once."""
    if config.pluginmanager.hasplugin("django"):
        for name in ("tests.clock", "tests.database"):
            config.pluginmanager.register(import_module(name), name)
    else:
        sys.modules["django"] = None  # type: ignore[assignment]  # how Python spells "not to be imported"

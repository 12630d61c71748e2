"""A decimal near the one that is expected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def near(expected: object, **allowed: object) -> Any:
    """Return what equals every decimal within the tolerance of ``expected``."""
    return pytest.approx(
        Decimal(str(expected)), **{name: Decimal(str(each)) for name, each in allowed.items()}
    )

"""What beat starts by itself, and when (UTC). Each task may run twice with the same result."""

from __future__ import annotations

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {}

"""Whether this process tells a collector what it did and how long that took (docs/operations/watching.md)."""

from __future__ import annotations

import os
from collections.abc import Callable

COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
_ends: list[Callable[[], None]] = []


def start_tracing(part: str) -> None:
    """Pages, statements and tasks of this process leave as spans of ``palace3-<part>``, where a collector is named.

    Where none is, nothing of OpenTelemetry is even imported.
    """
    if os.environ.get(COLLECTOR) and not _ends:
        from palace3.spans import trace_process

        _ends.append(trace_process(part))


def end_tracing() -> None:
    """What waits is sent, and no further span begins: before a process ends that runs nothing at its exit."""
    while _ends:
        _ends.pop()()

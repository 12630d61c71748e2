"""Rows of the table of budgets: what was measured, what the budget is, and whether it is kept."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

HEAD = "| what | measured | budget | |\n|---|---|---|---|"


def row(what: str, measured: str, budget: str = "", *, kept: bool | None = None) -> None:
    """Print one row; ``kept`` is None where there is no budget."""
    verdict = {None: "", True: "kept", False: "**missed**"}[kept]
    print(f"| {what} | {measured} | {budget} | {verdict} |", flush=True)


def alternated(ways: Mapping[str, Callable[[], Any]], *, rounds: int, warm: int = 2) -> dict[str, float]:
    """Return the median milliseconds of each way; every round times each of them, so that noise is shared."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(warm + rounds):
        for name, work in ways.items():
            began = time.perf_counter()
            work()
            if number >= warm:
                times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(taken) for name, taken in times.items()}

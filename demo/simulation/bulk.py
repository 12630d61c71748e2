"""Work that is shared out among the processor cores, and how far it has come."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from django.db import connections

from kernel.postgresql.processes import leave_connections_to_the_parent

Tell = Callable[[int, int], None]
Site = TypeVar("Site")
_SHARED: dict[str, Any] = {}


class BulkProgress:
    """How many of all have come to their end, over all processes."""

    def __init__(self, of: int, tell: Tell, *, done: int = 0) -> None:
        self.of, self.tell = of, tell
        self.done = multiprocessing.get_context().Value("i", done)

    def more(self, number: int) -> None:
        with self.done.get_lock():
            self.done.value += number
            self.tell(self.done.value, self.of)


def in_parallel(work: Callable[[list[Site]], list[str]], weights: Mapping[Site, float]) -> list[str]:
    """Each site has gone through ``work`` in one of the processes; return what ``work`` returned.

    Sites do not wait for each other. The heaviest are shared out first, each to whoever has least.
    """
    processes = min(os.cpu_count() or 1, len(weights))
    if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return work(list(weights))
    connections.close_all()  # a connection belongs to one process, and so does a pool of them
    connections["default"].close_pool()  # type: ignore[attr-defined]
    _SHARED.update(work=work, shares=_shares(weights, processes))
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        return [line for lines in pool.map(_work_on, range(processes)) for line in lines]


def _shares(weights: Mapping[Site, float], processes: int) -> list[list[Site]]:
    shares: list[list[Site]] = [[] for _one in range(processes)]
    loads = [0.0] * processes
    for site in sorted(weights, key=lambda one: -weights[one]):
        lightest = loads.index(min(loads))
        shares[lightest].append(site)
        loads[lightest] += weights[site]
    return shares


def _work_on(number: int) -> list[str]:
    """Do one share of the work, inherited from the process that forked."""
    leave_connections_to_the_parent()
    refused: list[str] = _SHARED["work"](_SHARED["shares"][number])
    return refused

"""A save and the largest pages in this tree and in another one, asked in turn, by the processor time they take.

Time on the clock says little on a machine that others use; what a request costs the process and its PostgreSQL
backend is counted by the kernel, whoever else is running. The other tree is a worktree of an earlier commit.
Run: ``python -m bench.compare ../before [--rounds 40]``. Each tree keeps its trial in its own var/bench.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LARGE = ("STAGE", "SURG", "TREAT", "ELIG")
PARTICIPANTS, WARM = 100, 5


def answer() -> None:
    """Serve the trial of the tree that this process runs in: a name comes in, milliseconds go out."""
    from bench.databases import filled, serve, server

    with server() as running:
        trial = filled(running, PARTICIPANTS)
        serve(trial)
        ways = dict(_ways(trial))
        print(json.dumps(list(ways)), flush=True)
        for line in sys.stdin:
            before = _processor_time()
            ways[line.strip()]()
            print((_processor_time() - before) / 1e6, flush=True)


def _ways(trial: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    from django.db import connection
    from django.test import Client

    from bench import forms
    from bench.pages import person
    from kernel.scope import EVERYTHING, scope

    connection.ensure_connection()
    number = forms._staged()  # noqa: SLF001 (the other tree may have no public name for it)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(person("coord01"))
    with scope(user_id=None, sites=EVERYTHING):
        saves = dict(forms._ways_to_save(trial, number))  # noqa: SLF001

    def scoped(way: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            with scope(user_id=None, sites=EVERYTHING):
                way()

        return run

    def page(address: str) -> Callable[[], Any]:
        return lambda: client.get(address)

    names = {"whole": "save of STAGE", "guarded": "an ORM update under an act", "bare": "a bare ORM update"}
    yield from ((names[name], scoped(way)) for name, way in saves.items())
    yield from ((f"page of {code}", page(f"/participants/{number}/forms/{code}/")) for code in LARGE)
    yield "participant page", page(f"/participants/{number}/")
    yield "work list", page("/work-list/")
    yield "a signed-in page", page("/accounts/")


def _processor_time() -> int:
    """Return the nanoseconds that this process and its backend have run so far."""
    from django.db import connection

    backend = connection.connection.info.backend_pid
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in ("self", backend))


class Tree:
    """A tree and the process that answers for it."""

    def __init__(self, folder: Path) -> None:
        source = Path(__file__).read_text()
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", source, "--answer"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.names: list[str] = json.loads(self._line())
        self.taken: dict[str, list[float]] = {name: [] for name in self.names}

    def ask(self, name: str, *, counts: bool) -> None:
        assert self.process.stdin is not None
        print(name, file=self.process.stdin, flush=True)
        taken = float(self._line())
        if counts:
            self.taken[name].append(taken)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, nargs="?", help="the tree to compare with")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.answer:
        answer()
        return
    trees = [Tree(asked.before.resolve()), Tree(Path(__file__).resolve().parent.parent)]
    for number in range(WARM + asked.rounds):
        for name in trees[0].names:
            for tree in trees if number % 2 else reversed(trees):
                tree.ask(name, counts=number >= WARM)
    print("| what | before | after | after ÷ before |\n|---|---|---|---|")
    for name in trees[0].names:
        before, after = (statistics.median(tree.taken[name]) for tree in trees)
        print(f"| {name} | {before:.1f} ms | {after:.1f} ms | {after / before:.2f} × |")
    for tree in trees:
        tree.end()


if __name__ == "__main__":
    main()

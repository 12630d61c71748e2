"""Two machines, each with a web node and a worker, in network namespaces of their own; one database, one broker.

Needs root and iproute2, as all that moves a cable.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.installation import Installation
from tests.faults.machine import NOT_PLAYED, Machine, may_play

CUT_SECONDS = 25
EXPORTS = 6
# A worker's task counts as lost after 1.2 × that: in production 30 minutes.
LONGEST_TASK_SECONDS = "10"
OUTCOME = re.compile(r"Task ([\w:]+)\[([0-9a-f-]{36})\] (received|succeeded)")


@contextmanager
def two_machines(there: Installation) -> Iterator[tuple[Machine, Machine]]:
    """Inside, ``web1`` and ``worker`` run on one, ``web2`` and ``worker2`` on the other; people reach both."""
    ports, usual = list(there.ports), {name: there.usual(name) for name in ("web1", "web2", "worker")}
    with Machine(there, 1, ports[0]) as one, Machine(there, 2, ports[1]) as two:
        command, told = usual["worker"]
        usual["worker2"] = [word.replace("faults@", "second@") for word in command], told
        try:
            for number, (machine, name) in enumerate(
                [(one, "web1"), (two, "web2"), (one, "worker"), (two, "worker2")]
            ):
                if name in there.processes:
                    there.kill(name, held=True)
                command, told = usual[name]
                told = told | machine.told | {"LONGEST_TASK_SECONDS": LONGEST_TASK_SECONDS}
                if name.startswith("worker"):
                    del told["WEB_BIND"]
                there.run_as(name, machine.inside(command), told)
                if number < len(ports):  # one after the other: people are served meanwhile
                    there.ports[number] = machine.page_port
                    there.wait_until_ready()
            yield one, two
        finally:
            for number, name in enumerate(usual):
                if name not in there.processes:
                    continue
                there.kill(name, held=True)
                if name == "worker2":
                    there.forget(name)
                    continue
                there.run_as(name, *usual[name])
                if number < len(ports):
                    there.ports[number] = ports[number]
                    there.wait_until_ready()


def outcomes(there: Installation, task: str) -> dict[str, list[str]]:
    """Return for each number of the task which worker received it and which ended it, in the order of the workers."""
    told: dict[str, list[str]] = {}
    for worker in ("worker", "worker2"):
        log = (there.folder / f"{worker}.log").read_text(errors="replace")
        for name, number, what in OUTCOME.findall(log):
            if name == task:
                told.setdefault(number, []).append(f"{what} by {worker}")
    return told


def worker_killed_at_work(there: Installation) -> str:
    """The worker that has a task in hand is killed for good: the one of the other machine does it."""
    if not may_play():
        return NOT_PLAYED
    with two_machines(there):
        before = set(outcomes(there, "audit:seal"))
        with psycopg.connect(there.database) as holder:
            holder.execute("LOCK TABLE audit_seal")
            there.manage("shell", "--command", "from kernel.tasks import send; send('audit:seal')")
            number, told = _wait_for(there, "audit:seal", before, "received", seconds=60)
            first = next(each.rpartition(" ")[2] for each in told if each.startswith("received"))
            there.kill(first, held=True)
        begun = time.monotonic()
        _number, told = _wait_for(there, "audit:seal", before, "succeeded", seconds=90, number=number)
        ended = [each for each in told if each.startswith("succeeded")]
        return (
            f"{first} was killed with the task in hand; {ended[0].rpartition(' ')[2]} had done it "
            f"{time.monotonic() - begun:.0f} s later, {len(ended)} time"
        )


def machine_cut_off(there: Installation) -> str:
    """One machine loses database and broker for a while: its twin serves and does the tasks, each once."""
    if not may_play():
        return NOT_PLAYED
    with two_machines(there) as (one, _two):
        before = set(outcomes(there, "exports:write"))
        one.cut()
        begun = time.monotonic()
        asked = f"from tests.faults.asking import ask_for_export; [ask_for_export() for _each in range({EXPORTS})]"
        there.manage("shell", "--command", asked)
        time.sleep(max(0.0, CUT_SECONDS - (time.monotonic() - begun)))
        one.join()
        end = time.monotonic() + 90
        while time.monotonic() < end:
            ended = {
                number: [each for each in told if each.startswith("succeeded")]
                for number, told in outcomes(there, "exports:write").items()
                if number not in before
            }
            if len(ended) == EXPORTS and all(ended.values()):
                break
            time.sleep(0.5)
        states = there.ask("SELECT state, count(*) FROM exports_export GROUP BY 1 ORDER BY 1")
        by = sorted({each.rpartition(" ")[2] for told in ended.values() for each in told})
        twice = sum(len(told) > 1 for told in ended.values())
        back = there.wait_until_ready()
        stand = ", ".join(f"{count} {state}" for state, count in states)
        return (
            f"{sum(map(bool, ended.values()))} of {EXPORTS} exports done by {' and '.join(by)}, {twice} twice; "
            f"the register says {stand}; the machine that was cut off served {back:.0f} s later"
        )


def _wait_for(
    there: Installation, task: str, before: set[str], what: str, *, seconds: float, number: str = ""
) -> tuple[str, list[str]]:
    """Return the number of a task that came since, once something became of it, and what was said of it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for each, told in outcomes(there, task).items():
            is_meant = each == number if number else each not in before
            if is_meant and any(word.startswith(what) for word in told):
                return each, told
        time.sleep(0.2)
    raise TimeoutError(f"{task} was not {what} within {seconds} s")

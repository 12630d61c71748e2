"""What one, ten and a thousand trials need, worked out from what was measured: the table of docs/scaling.md.

``python -m bench.sizing --people 60 --pace 5 --participants 356``: put your own figures in. With
``--measure ADDRESS`` (of a database, as an account that reads every row) it says what a participant-year takes there.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

HALF_LOAD = 2
SIGN_IN_WINDOW = 300
SIGN_IN_SECONDS = 0.28
GB = 1_000_000_000
# Rows that a trial has once, whoever takes part: they do not grow by participants.
ONCE = ("allocation", "django_", "crf_releasedterm", "committee_", "accounts_", "operations_")
# A row's header and the pointer to it.
ROW_OVERHEAD = 28


@dataclass(frozen=True)
class Figures:
    """What was measured (docs/scaling.md says where) and what is expected; every one may be given by hand."""

    people: int = 60
    pace: float = 5.0
    participants: int = 356
    years: float = 5.0
    web_seconds: float = 0.03
    database_seconds: float = 0.007
    gb_per_participant_year: float = 0.0005
    gb_of_web: float = 0.4
    gb_of_worker: float = 0.7
    gb_of_beat: float = 0.13
    pool: int = 8
    concurrency: int = 2
    cores_of_machine: int = 32
    gb_of_machine: int = 128
    price_of_core: float = 15.0
    price_of_gb: float = 0.1


@dataclass(frozen=True)
class Needs:
    """What so many trials need, each an installation of its own."""

    web_cores: float
    web_processes: int
    worker_processes: int
    database_cores: float
    connections: int
    memory: float
    machines: int
    storage: float
    price: float


def needs(trials: int, told: Figures) -> Needs:
    """Return what ``trials`` need at the busiest hour, at half load of every core."""
    pages = told.people / told.pace
    sign_ins = told.people * SIGN_IN_SECONDS / SIGN_IN_WINDOW
    web_cores = (pages * told.web_seconds + sign_ins) * HALF_LOAD
    database_cores = pages * told.database_seconds * HALF_LOAD
    processes = max(2, math.ceil(web_cores))
    worker_cores = 0.2  # a night's papers and exports, spread over the day
    memory = processes * told.gb_of_web + told.gb_of_worker + told.gb_of_beat
    cores = trials * (web_cores + worker_cores)
    storage = trials * told.participants * told.years * told.gb_per_participant_year
    machines = max(math.ceil(cores / told.cores_of_machine), math.ceil(trials * memory / told.gb_of_machine))
    # The database, its WAL and its base backups, and a standby with its own; the processors twice as well.
    price = (cores + 2 * trials * database_cores) * told.price_of_core + 5 * storage * told.price_of_gb
    return Needs(
        web_cores=trials * web_cores,
        web_processes=trials * processes,
        worker_processes=trials * told.concurrency,
        database_cores=trials * database_cores,
        connections=trials * (processes * told.pool + told.concurrency + 1),
        memory=trials * memory,
        machines=machines,
        storage=storage,
        price=price,
    )


def table(told: Figures) -> Iterator[str]:
    """Yield the lines of the table for one, ten and a thousand trials."""
    columns = [needs(trials, told) for trials in (1, 10, 1000)]

    def row(what: str, *values: str) -> str:
        return f"| {what} | {' | '.join(values)} |"

    yield row("", "1 trial", "10 trials", "1,000 trials")
    yield "|---|---|---|---|"
    yield row("cores of web, sign-ins included", *(f"{each.web_cores:,.1f}" for each in columns))
    yield row(f"web processes ({told.pool} threads each)", *(f"{each.web_processes:,}" for each in columns))
    yield row("processes of workers", *(f"{each.worker_processes:,}" for each in columns))
    yield row("cores of PostgreSQL", *(f"{each.database_cores:,.1f}" for each in columns))
    yield row("connections without a pooler", *(f"{each.connections:,}" for each in columns))
    yield row("memory of web, workers and beats", *(f"{each.memory:,.1f} GB" for each in columns))
    shape = f"{told.cores_of_machine} cores and {told.gb_of_machine} GB"
    yield row(f"machines of {shape} for them", *(f"{each.machines:,}" for each in columns))
    yield row(
        f"storage of {told.participants} participants for {told.years:g} years",
        *(f"{each.storage:,.1f} GB" for each in columns),
    )
    yield row(
        f"a month, at {told.price_of_core:g} a core and {told.price_of_gb:g} a GB (assumed)",
        *(f"{each.price:,.0f}" for each in columns),
    )


def measured(address: str) -> str:
    """Return what rows and their versions take for each participant and participant-year of a database."""
    with psycopg.connect(address) as there:
        names = there.execute("SELECT schemaname, relname FROM pg_stat_user_tables ORDER BY 1, 2").fetchall()
        sizes = {}
        for schema, name in names:
            if schema.startswith(ONCE) or name.startswith(ONCE):
                continue
            query = sql.SQL("SELECT coalesce(sum(pg_column_size(t.*) + {}), 0)::bigint FROM {} AS t")
            row = there.execute(query.format(ROW_OVERHEAD, sql.Identifier(schema, name))).fetchone()
            sizes[name] = int(row[0]) if row else 0
        people = _one(there, "SELECT count(*) FROM trials_participant")
        days = _one(
            there,
            "SELECT coalesce(sum(days), 0) FROM (SELECT greatest(max(took_place_on) - min(took_place_on), 1) AS days"
            " FROM followup_visit WHERE took_place_on IS NOT NULL GROUP BY participant_id) AS spans",
        )
        acts = _one(there, "SELECT count(*) FROM audit_act")
    total, years = sum(sizes.values()), days / 365.25
    largest = sorted(sizes.items(), key=lambda each: -each[1])[:8]
    of_one, of_year = (total / max(count, 0.1) / 1e3 for count in (people, years))
    return "\n".join(
        [
            f"{people} participants, {years:.1f} participant-years from first to last visit, {acts:,} acts",
            f"rows and versions: {total / 1e6:,.1f} MB, indexes as much again",
            f"a participant: {of_one:,.0f} KB, a participant-year: {of_year:,.0f} KB",
            *(f"  {name}: {size / 1e6:,.2f} MB" for name, size in largest),
        ]
    )


def _one(there: psycopg.Connection[tuple[object, ...]], query: str) -> int:
    row = there.execute(query.encode()).fetchone()
    return int(str(row[0])) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    usual = Figures()
    for name, value in vars(usual).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--measure", default="", help="the address of a database whose rows are measured")
    options = vars(parser.parse_args())
    if address := options.pop("measure"):
        print(measured(address))
        return
    print("\n".join(table(Figures(**options))))


if __name__ == "__main__":
    main()

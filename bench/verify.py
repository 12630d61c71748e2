"""How long verification of a long history takes, and how much memory it needs.

Run: ``python -m bench.verify [--changes 100000]``. Acts and versions are written in bulk into a copy of a small trial,
as the program writes them (a row and its version in one transaction), then sealed and verified as in production. No
more than one batch is in memory at any time: the number of changes may be any.
"""

from __future__ import annotations

import argparse
import resource
import time

import psycopg

from bench.databases import Trial, filled, server
from bench.databases import serve as serve_trial
from bench.table import HEAD, row
from kernel.postgresql.roles import url_of

BATCH = 20_000  # acts that one transaction writes
SCRATCH = "trial_verified"
MEGABYTES_MORE = 200
ACTS = """
INSERT INTO audit_act ({columns}) SELECT {told} FROM generate_series(1, %(number)s) n,
    (SELECT * FROM audit_act WHERE verb = 'crf:answers:save' ORDER BY id LIMIT 1) a
"""
VERSIONS = """
INSERT INTO crf_recordevent ({columns})
SELECT {told} FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM audit_act WHERE id > %(last)s) act
JOIN (SELECT r.*, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS rows FROM crf_record r) r
    ON r.n = 1 + act.n %% r.rows
"""


def scratch(trial: Trial, admin_url: str) -> Trial:
    """Return a copy of the trial that may be filled."""
    source = trial.admin.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {SCRATCH} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {SCRATCH} TEMPLATE {source} OWNER palace3_owner")
    app, owner, admin_there = (url_of(url, database=SCRATCH) for url in (trial.app, trial.owner, trial.admin))
    return Trial(trial.participants, app, owner, admin_there)


def fill(trial: Trial, changes: int) -> float:
    """So many acts, each with one version of a record, are in the database; return the seconds."""
    began = time.monotonic()
    with psycopg.connect(trial.admin) as admin:
        admin.execute("SET session_replication_role = replica")  # triggers write one row at a time
        acts = _columns(admin, "audit_act", {"id", "stored_at", "transaction", "at"})
        versions = _columns(
            admin, "crf_recordevent", {"pgh_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "act_id"}
        )
        written = 0
        while written < changes:
            number = min(BATCH, changes - written)
            _write(admin, number, acts, versions)
            admin.commit()
            written += number
        admin.autocommit = True
        admin.execute("VACUUM ANALYZE")
    return time.monotonic() - began


def _columns(admin: psycopg.Connection, table: str, without: set[str]) -> list[str]:
    rows = admin.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
        [table],
    )
    return [name for (name,) in rows if name not in without]


def _write(admin: psycopg.Connection, number: int, acts: list[str], versions: list[str]) -> None:
    """One transaction: every record is written anew with its version, so that both bear its number."""
    (last,) = admin.execute("SELECT max(id) FROM audit_act").fetchone() or (0,)
    told = [f'a."{name}"' for name in acts]
    admin.execute(
        ACTS.format(
            columns=", ".join([*acts, "at", "stored_at", "transaction"]),
            told=", ".join([*told, "now()", "now()", "pg_current_xact_id()::text::bigint"]),
        ),
        {"number": number},
    )
    told = [f'r."{name}"' for name in versions]
    admin.execute(
        VERSIONS.format(
            columns=", ".join([*versions, "pgh_created_at", "pgh_label", "pgh_obj_id", "act_id"]),
            told=", ".join([*told, "now()", "'update'", "r.id", "act.id"]),
        ),
        {"last": last},
    )
    admin.execute(
        "UPDATE crf_record r SET act_id = e.act_id FROM ("
        "SELECT DISTINCT ON (pgh_obj_id) pgh_obj_id, act_id FROM crf_recordevent WHERE act_id > %s "
        "ORDER BY pgh_obj_id, pgh_id DESC) e WHERE e.pgh_obj_id = r.id",
        [last],
    )


def seal_all() -> tuple[int, float]:
    """Every act is sealed; return the number of seals and the seconds."""
    from django.utils import timezone

    from audit.seals import seal_batch
    from kernel.scope import EVERYTHING, scope

    began, seals = time.monotonic(), 0
    with scope(user_id=None, sites=EVERYTHING):
        while seal_batch(at=timezone.now()):
            seals += 1
    return seals, time.monotonic() - began


def megabytes() -> float:
    """Return the most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=100_000)
    asked = parser.parse_args()
    with server() as running:
        trial = scratch(filled(running, 10, walked=10), running.admin_url)
        filling = fill(trial, asked.changes)
        serve_trial(trial)
        from django.core.management import call_command

        seals, sealing = seal_all()
        before, began = megabytes(), time.monotonic()
        call_command("verify_audit")  # ends the process with 1 where anything is found
        taken, more = time.monotonic() - began, megabytes() - before
    print(f"\n{asked.changes} changes\n\n{HEAD}")
    row("filling in bulk", f"{filling:.0f} s")
    row(f"sealing, {seals} seals", f"{sealing:.0f} s")
    speed = f"{taken:.0f} s, {asked.changes / taken:,.0f} changes a second"
    row("verify_audit", speed)
    memory = f"{more:.0f} MiB more than sealing"
    row("memory of it", memory, f"≤ {MEGABYTES_MORE} MiB", kept=more <= MEGABYTES_MORE)


if __name__ == "__main__":
    main()

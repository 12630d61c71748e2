"""Allocation by 16 clients at once, against a bare SQL loop with the same locks (architecture 11).

Four ways, in another order each round, each client a process with a connection of its own:

* ``bare``: lock the participant, lock the stratum, mark the next slot, count it, commit; lock the participant,
  read the slot's arm, write it, commit. The same locks and as many kept commits as the doors, and nothing else;
* ``doors``: what the application role may do: write the act, lock, ``take_next_slot``, commit; write the act,
  lock, ``reveal``, open the seal, commit;
* ``service``: ``randomize()`` whole: signature, evidence, audit trail, milestone, first visits, notices;
* ``one``: the bare loop in a single transaction, which could be looked at and taken back (ADR 7).

All send one statement at a time, prepared by the driver. The budget (0.5) is on the doors: the median over
the rounds of doors to bare in the same round. The others are shown beside it.
Run: ``python -m bench.allocation [--seconds 5] [--rounds 3]``.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from bench.table import HEAD, row

CLIENTS = 16
BUDGET = 0.5
WAYS = ("bare", "doors", "service", "one")
PEOPLE = {"bare": 60_000, "one": 60_000, "doors": 12_000, "service": 1_000}
PASSWORD = "bench-only"
BARE = """
CREATE TABLE bench_participant (id bigint PRIMARY KEY, arm text);
CREATE TABLE bench_stratum (id int PRIMARY KEY, used int NOT NULL DEFAULT 0);
CREATE TABLE bench_slot (stratum int, sequence int, participant bigint UNIQUE, arm text, taken_at timestamptz,
    PRIMARY KEY (stratum, sequence));
INSERT INTO bench_stratum SELECT generate_series(0, 5);
INSERT INTO bench_slot
    SELECT s, n, NULL, '1', NULL FROM generate_series(0, 5) s, generate_series(1, {people} / 3) n;
INSERT INTO bench_participant SELECT generate_series(1, 2 * {people});
GRANT SELECT, UPDATE ON bench_participant, bench_stratum, bench_slot TO palace3_app;
"""
ACT = (
    "WITH a AS (INSERT INTO audit_act (verb, by_id, role, participant_id, at, reason, request_id) "
    "VALUES (%s, %s, '', %s, now(), '', '') RETURNING id) "
    "SELECT set_config('app.act', id::text, true) FROM a"
)
TAKE = "SELECT * FROM allocation.take_next_slot(%s, %s, %s)"
FORK = multiprocessing.get_context("fork")
Client = Callable[[int, float], int]


def at_once(client: Client, seconds: float) -> float:
    """Allocations a second over all clients."""
    done = FORK.Queue()
    until = time.monotonic() + seconds

    def work(number: int) -> None:
        done.put(client(number, until))
        done.close()
        done.join_thread()
        os._exit(0)

    started = time.monotonic()
    gc.freeze()  # what was loaded is not looked through, and so not copied, by each client
    processes = [FORK.Process(target=work, args=(number,)) for number in range(CLIENTS)]
    for process in processes:
        process.start()
    total = sum(done.get() for _ in processes)
    for process in processes:
        process.join()
    return total / (time.monotonic() - started)


def _take_bare(sql: Any, person: int, stratum: int) -> None:
    sql.execute("SELECT id FROM bench_participant WHERE id = %s FOR UPDATE", [person])
    used = sql.execute("SELECT used FROM bench_stratum WHERE id = %s FOR UPDATE", [stratum]).fetchone()[0]
    sql.execute(
        "UPDATE bench_slot SET participant = %s, taken_at = now() WHERE stratum = %s AND sequence = %s",
        [person, stratum, used + 1],
    )
    sql.execute("UPDATE bench_stratum SET used = used + 1 WHERE id = %s", [stratum])


def _tell_bare(sql: Any, person: int) -> None:
    arm = sql.execute("SELECT arm FROM bench_slot WHERE participant = %s", [person]).fetchone()[0]
    sql.execute("UPDATE bench_participant SET arm = %s WHERE id = %s", [arm, person])


class BenchServer:
    """A database with a scheme and people who wait; each way takes from its own share of them."""

    def __init__(self, folder: Path, people: dict[str, int]) -> None:
        from demo.servers.postgres import EmbeddedPostgres
        from kernel.postgresql.roles import prepare

        self.waiting: list[int] = []
        self.server = EmbeddedPostgres(folder, fsync=True, max_connections=200).start()
        self.owner, self.app = prepare(self.server.admin_url, "palace3_bench", PASSWORD, PASSWORD)
        self.people = people
        self._set_up_django()
        self._fill()

    def _set_up_django(self) -> None:
        from randomization.scheme.sealing import new_key

        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "palace3.settings",
            "SECRET_KEY": "bench-only",
            "DATABASE_URL": self.app,
            "DATABASE_OWNER_URL": self.owner,
            "PALACE3_LIST_KEY": new_key("k1"),
        }
        import django
        from django.conf import settings
        from django.core.management import call_command

        django.setup()
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        call_command("migrate", database="owner", verbosity=0, interactive=False)

    def _fill(self) -> None:
        from kernel.scope import EVERYTHING, scope
        from randomization.services import set_up_scheme
        from tests.integration.randomization import many_clients
        from tests.world import NOW, build_world

        self.world = build_world()
        words = {"statistician_password": "correct horse battery", "second_password": "correct horse battery"}
        with scope(user_id=None, sites=EVERYTHING):
            self.part = set_up_scheme(
                name="BENCH",
                statistician=self.world.statistician,
                second=self.world.second_statistician,
                at=NOW,
                places_per_stratum=self.people["doors"] // 2,
                **words,
            )
        self.waiting = []
        while len(self.waiting) < self.people["doors"] + self.people["service"]:
            self.waiting += many_clients.bulk_eligible(
                site=self.world.site,
                version=self.world.consent_version,
                by=self.world.investigator,
                count=500,
                evidence={"criteria": []},
                digest="0" * 64,
                at=NOW,
            )
        with psycopg.connect(self.owner, autocommit=True) as owner:
            owner.execute(BARE.format(people=self.people["bare"]))
            owner.execute("ANALYZE")

    def share(self, way: str, client: int, round_: int, rounds: int) -> list[int]:
        """People that nobody else asks for."""
        split = self.people["doors"]
        own = self.waiting[:split] if way == "doors" else self.waiting[split:]
        return own[round_ * CLIENTS + client :: CLIENTS * rounds]

    def bare(self, round_: int, rounds: int) -> Client:
        people = self.people["bare"]

        def client(number: int, until: float) -> int:
            count = 0
            with psycopg.connect(self.app, autocommit=True) as sql:
                for person in range(1 + round_ * CLIENTS + number, people, CLIENTS * rounds):
                    if time.monotonic() > until:
                        break
                    with sql.transaction():
                        _take_bare(sql, person, person % 3)
                    with sql.transaction():
                        sql.execute("SELECT id FROM bench_participant WHERE id = %s FOR UPDATE", [person])
                        _tell_bare(sql, person)
                    count += 1
            return count

        return client

    def one(self, round_: int, rounds: int) -> Client:
        people = self.people["bare"]

        def client(number: int, until: float) -> int:
            count = 0
            with psycopg.connect(self.app, autocommit=True) as sql:
                for person in range(1 + people + round_ * CLIENTS + number, 2 * people, CLIENTS * rounds):
                    if time.monotonic() > until:
                        break
                    with sql.transaction():
                        _take_bare(sql, person, 3 + person % 3)
                        _tell_bare(sql, person)
                    count += 1
            return count

        return client

    def doors(self, round_: int, rounds: int) -> Client:
        from kernel.scope import EVERYTHING, Scope, opening_of
        from randomization.allocation_list.functions import place_binding
        from randomization.allocation_list.keys import list_keys
        from randomization.scheme.sealing import Sealed, unseal

        ring, by, scheme = list_keys(), self.world.investigator.pk, self.part.scheme_id

        def begin(sql: Any, verb: str, person: int) -> None:
            sql.execute(*opening_of(Scope(None, EVERYTHING)))
            sql.execute(ACT, [verb, by, person])
            sql.execute("SELECT id FROM trials_participant WHERE id = %s FOR UPDATE", [person])

        def client(number: int, until: float) -> int:
            count = 0
            with psycopg.connect(self.app, autocommit=True) as sql:
                for person in self.share("doors", number, round_, rounds):
                    if time.monotonic() > until:
                        break
                    stratum = f"01/{('II', 'III', 'IVA')[person % 3]}"
                    with sql.transaction():
                        begin(sql, "randomization:slot:take", person)
                        sql.execute(TAKE, [person, scheme, stratum]).fetchone()
                    with sql.transaction():
                        begin(sql, "randomization:arm:reveal", person)
                        row = sql.execute("SELECT * FROM allocation.reveal(%s)", [person]).fetchone()
                        slot = place_binding(row[0], row[1], row[2])
                        unseal(ring, Sealed(row[6], bytes(row[7])), bound=slot)
                    count += 1
            return count

        return client

    def service(self, round_: int, rounds: int) -> Client:
        from django.db import connections, transaction

        from randomization.allocation import readiness
        from randomization.services import randomize
        from tests.world import NOW, as_person
        from trials.models import Participant

        person, stages = self.world.investigator, ("II", "III", "IVA")

        class Stage:
            def __init__(self, pk: int) -> None:
                self.group = stages[pk % 3]

        class Evidence:
            digest, unmet = "0" * 64, ()

            def answered(self, answers: dict[str, str]) -> Evidence:
                return self

        # The forms are not filled here: reading them is measured with the forms.
        readiness.stage_for_stratum = lambda participant, at: Stage(participant.pk)  # type: ignore[assignment]
        readiness.current_evidence = lambda participant: Evidence()  # type: ignore[assignment]

        def press(pk: int) -> None:
            with as_person(person):
                with transaction.atomic():
                    participant = Participant.objects.select_related("site").get(pk=pk)
                randomize(
                    participant=participant,
                    confirmed_stratum=f"01/{stages[pk % 3]}",
                    by=person,
                    password="correct horse battery",
                    at=NOW,
                )

        def client(number: int, until: float) -> int:
            count = 0
            for pk in self.share("service", number, round_, rounds):
                if time.monotonic() > until:
                    break
                press(pk)
                count += 1
            connections.close_all()
            return count

        # What a server process loads once is loaded here, before the clients are forked.
        press(self.waiting[-1 - round_])
        connections.close_all()
        return client


def measure(*, seconds: float, rounds: int, people: dict[str, int] | None = None) -> dict[str, Any]:
    """Rates of the four ways (medians), and the median over the rounds of each to the bare loop beside it."""
    with tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder:
        bench = BenchServer(Path(folder) / "pg", people or PEOPLE)
        try:
            rates: dict[str, list[float]] = {way: [] for way in WAYS}
            for round_ in range(rounds):
                turn = round_ % len(WAYS)
                for way in (*WAYS[turn:], *WAYS[:turn]):
                    rates[way].append(at_once(getattr(bench, way)(round_, rounds), seconds))
        finally:
            bench.server.stop()
    ratios = {
        way: statistics.median(mine / bare for mine, bare in zip(measured, rates["bare"], strict=True))
        for way, measured in rates.items()
    }
    middle = {way: statistics.median(measured) for way, measured in rates.items()}
    return {"rates": middle, "ratios": ratios, "budget": BUDGET, "kept": ratios["doors"] >= BUDGET}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    rates = measure(seconds=asked.seconds, rounds=asked.rounds)
    print(HEAD)
    for way, rate in rates["rates"].items():
        budgeted = way == "doors"
        row(
            f"allocation, {CLIENTS} at once, {way}",
            f"{rate:.0f}/s, {rates['ratios'][way]:.2f} × the bare loop",
            f"≥ {BUDGET} ×" if budgeted else "",
            kept=rates["kept"] if budgeted else None,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Many allocations over 18 strata by 16 clients, with clients and a PostgreSQL backend killed with -9.

Nothing may be given twice, skipped or lost. What a client was told it writes to a file, outside the
database, before it goes on; in the end every line of those files is in the database as it was told, every
stratum's places are used in order, and each participant has one. Whoever was allocated when their client died
before it was told is pressed again, by the client's successor and once more at the end: the same answer.
Durability is on (fsync). The kills are spread over the first part of the run.
Run: ``python -m bench.load_test [--participants 10000] [--kills 60] [--bare]``. With ``--bare`` the second step writes
arm, certificate and milestone, but plans no visits, checks no forms again and tells nobody: five times as fast.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from bench.allocation import BenchServer

STAGES = ("II", "III", "IVA")
MORE_SITES = ("03", "04", "05", "06")
EIGHTEEN = [f"{site:02d}/{stage}" for site in range(1, 7) for stage in STAGES]


class LoadServer(BenchServer):
    """Six sites with an investigator each, and people who wait at all of them."""

    def _fill(self) -> None:
        from accounts.permissions import Role
        from kernel.scope import EVERYTHING, scope
        from randomization.services import set_up_scheme
        from tests import world as small
        from tests.integration.randomization import many_clients

        self.world = small.build_world()
        with scope(user_id=None, sites=EVERYTHING):
            open_site, engage = small._open_site, small._person  # noqa: SLF001 (the same small world, larger)
            more = [open_site(code, f"Site {code}", f"中心{code}", "City", "城")[0] for code in MORE_SITES]
            sites = [self.world.site, self.world.other_site, *more]
            people = [self.world.investigator]
            people += [engage(f"inv{site.code}", Role.INVESTIGATOR, site) for site in sites[1:]]
            set_up_scheme(
                name="STORM",
                statistician=self.world.statistician,
                statistician_password=small.PASSWORD,
                second=self.world.second_statistician,
                second_password=small.PASSWORD,
                at=small.NOW,
                places_per_stratum=self.people["all"] // 18 + 40,
            )
        self.investigators = {site.pk: person for site, person in zip(sites, people, strict=True)}
        self.waiting: list[int] = []
        share = -(-self.people["all"] // 6)
        for site in sites:
            version = many_clients.at_once(site.consent_versions.get)
            own: list[int] = []
            while len(own) < share:
                own += many_clients.bulk_eligible(
                    site=site,
                    version=version,
                    by=self.investigators[site.pk],
                    count=min(500, share - len(own)),
                    evidence={"criteria": []},
                    digest="0" * 64,
                    at=small.NOW,
                )
            self.waiting += own
        random.Random(3).shuffle(self.waiting)
        with psycopg.connect(self.owner, autocommit=True) as owner:
            owner.execute("ANALYZE")


def pressing(bench: LoadServer) -> Any:
    """The investigator of the participant's site presses; answers with number and arm."""
    from randomization.allocation import readiness
    from randomization.services import randomize
    from tests.integration.randomization.many_clients import at_once
    from tests.world import NOW, PASSWORD, as_person
    from trials.models import Participant

    class Stage:
        def __init__(self, pk: int) -> None:
            self.group = STAGES[pk % 3]

    class Evidence:
        digest, unmet = "0" * 64, ()

        def answered(self, answers: dict[str, str]) -> Evidence:
            return self

    readiness.stage_for_stratum = lambda participant, at: Stage(participant.pk)  # type: ignore[assignment]
    readiness.current_evidence = lambda participant: Evidence()  # type: ignore[assignment]

    def press(pk: int) -> tuple[str, str]:
        participant = at_once(lambda: Participant.objects.select_related("site").get(pk=pk))
        person = bench.investigators[participant.site_id]
        with as_person(person):
            given = randomize(
                participant=participant,
                confirmed_stratum=f"{participant.site.code}/{STAGES[pk % 3]}",
                by=person,
                password=PASSWORD,
                at=NOW,
            )
        return given.number, str(given.arm)

    return press


def leave_out_what_follows() -> None:
    from randomization.services import allocate

    for name in ("plan_visits_for", "recheck_participant", "tell_about_allocation"):
        setattr(allocate, name, lambda *_, **__: None)


class Orphans:
    """Allocations that were kept when their client died, before it was told."""

    def __init__(self, bench: LoadServer) -> None:
        self.bench = bench
        self.numbers: dict[int, str] = {}
        self.whole = self.half = 0

    def look(self, unacknowledged: list[int]) -> None:
        kept = patiently(lambda: self._kept(unacknowledged))
        for participant, number, revealed in kept:
            if participant not in self.numbers:
                self.whole, self.half = self.whole + revealed, self.half + (not revealed)
            self.numbers[participant] = number

    def _kept(self, participants: list[int]) -> list[Any]:
        with psycopg.connect(self.bench.owner) as owner:
            owner.execute("SELECT set_config('app.sites', '*', true)")
            return owner.execute(
                "SELECT participant_id, number, arm IS NOT NULL FROM randomization_allocation "
                "WHERE participant_id = ANY (%s)",
                [participants],
            ).fetchall()

    def pressed_again(self, press: Any, told: dict[int, tuple[str, str]]) -> list[str]:
        """What a last press answers otherwise than the retries did; empty when all is well."""
        return [
            f"participant {participant} was given {number}, then another answer"
            for participant, number in self.numbers.items()
            if press(participant) != told[participant] or told[participant][0] != number
        ]


def patiently(ask: Callable[[], Any]) -> Any:
    """What ``ask`` answers, asked again while the database recovers."""
    for _ in range(240):
        try:
            return ask()
        except psycopg.OperationalError:
            time.sleep(0.25)
    return ask()


def kill_a_backend(bench: LoadServer) -> None:
    """One server process of a client dies with -9; PostgreSQL recovers, and every client's connection breaks."""
    with psycopg.connect(bench.server.admin_url, autocommit=True) as admin:
        for _ in range(1_000):
            busy = admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE usename = 'palace3_app' AND state <> 'idle' LIMIT 1"
            ).fetchone()
            if busy:
                os.kill(busy[0], signal.SIGKILL)
                return
            time.sleep(0.01)
    raise RuntimeError("no backend was at work: nothing was killed")


def faults(bench: LoadServer, told: dict[int, tuple[str, str]]) -> list[str]:
    """What is not as it must be; empty when all is well."""
    with psycopg.connect(bench.owner) as owner:
        owner.execute("SELECT set_config('app.sites', '*', true)")
        rows = owner.execute(
            "SELECT participant_id, number, arm, stratum, sequence FROM randomization_allocation"
        ).fetchall()
        slots = owner.execute(
            "SELECT t.name, t.used, count(s.participant_id), "
            "max(s.sequence) FILTER (WHERE s.participant_id IS NOT NULL) FROM allocation.slot s "
            "JOIN allocation.stratum t ON t.id = s.stratum_id GROUP BY 1, 2 ORDER BY 1"
        ).fetchall()
    found = []
    if len(rows) != len(bench.waiting) or len({row[0] for row in rows}) != len(rows):
        found.append(f"{len(rows)} allocations for {len(bench.waiting)} participants")
    if any(row[2] is None for row in rows):
        found.append("an allocation was not completed")
    for stratum, count in Counter(row[3] for row in rows).items():
        if sorted(row[4] for row in rows if row[3] == stratum) != list(range(1, count + 1)):
            found.append(f"{stratum}: a place twice or skipped")
    found += [f"{name}: its count does not add up" for name, u, n, last in slots if not u == n == (last or 0)]
    held = {row[0]: (row[1], row[2]) for row in rows}
    lost = [participant for participant, what in told.items() if held.get(participant) != what]
    found += [f"participant {participant} was told what is not there" for participant in lost]
    if [name for name, *_ in slots] != EIGHTEEN:
        found.append("not eighteen strata")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--bare", action="store_true", help="without visits, checks and notices")
    parser.add_argument("--pause", type=float, default=6, help="seconds between kills at most")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="palace3-clients-") as folder:
        told_in = Path(folder) / "told"
        told_in.mkdir()
        bench = LoadServer(Path(folder) / "pg", {"all": asked.participants})
        try:
            from tests.integration.randomization.many_clients import ManyClients

            if asked.bare:
                leave_out_what_follows()
            press, orphans = pressing(bench), Orphans(bench)
            clients = ManyClients(
                bench.waiting,
                press,
                told_in,
                kills=asked.kills,
                pause=(0.2, asked.pause),
                break_backend=lambda: kill_a_backend(bench),
                after_kill=orphans.look,
            )
            press(
                bench.waiting[0]
            )  # what a server process loads once is loaded before the clients are forked
            seconds = clients.run()
            told = clients.acknowledged()
            found = faults(bench, told) + orphans.pressed_again(press, told)
        finally:
            bench.server.stop()
    print(
        f"{len(bench.waiting)} allocations, 18 strata, 16 clients, {clients.killed} of them and a backend killed, "
        f"{len(bench.waiting) / seconds:.0f}/s: {'all in order' if not found else 'NOT in order'}"
    )
    print(
        f"  acknowledged outside the database: {len(told)}; kept when their client died before it was told, and "
        f"pressed again: {orphans.whole} whole, {orphans.half} with the first step only"
    )
    for fault in found:
        print(f"  NOT so: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Many allocations over 18 strata by 16 clients, with clients and a PostgreSQL backend killed with -9.

Nothing may be given twice, skipped or lost: every acknowledged allocation is there as it was acknowledged,
every stratum's places are used in order, each participant has one. Durability is on (fsync).
Run: ``python -m bench.storm [--participants 10000] [--kills 20]``.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg

from bench.allocation import House

STAGES = ("II", "III", "IVA")
MORE_SITES = ("03", "04", "05", "06")
EIGHTEEN = [f"{site:02d}/{stage}" for site in range(1, 7) for stage in STAGES]


class StormHouse(House):
    """Six sites with an investigator each, and people who wait at all of them."""

    def _fill(self) -> None:
        from accounts.permissions import Role
        from palace3.kernel.scope import EVERYTHING, scope
        from randomization.services import set_up_scheme
        from tests import world as small
        from tests.integration.randomization import storm

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
            version = storm.at_once(site.consent_versions.get)
            own: list[int] = []
            while len(own) < share:
                own += storm.bulk_eligible(
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


def pressing(house: StormHouse) -> Any:
    """The investigator of the participant's site presses; answers with number and arm."""
    from randomization import conditions
    from randomization.services import randomize
    from tests.integration.randomization.storm import at_once
    from tests.world import NOW, PASSWORD, as_person
    from trials.models import Participant

    class Stage:
        def __init__(self, pk: int) -> None:
            self.group = STAGES[pk % 3]

    class Evidence:
        digest, unmet = "0" * 64, ()

    conditions.stage_for_stratum = lambda participant, at: Stage(participant.pk)  # type: ignore[assignment]
    conditions.current_evidence = lambda participant: Evidence()  # type: ignore[assignment]

    def press(pk: int) -> tuple[str, str]:
        participant = at_once(lambda: Participant.objects.select_related("site").get(pk=pk))
        person = house.investigators[participant.site_id]
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


def kill_a_backend(house: StormHouse) -> None:
    """One server process of a client dies with -9; PostgreSQL recovers, and every client's connection breaks."""
    with psycopg.connect(house.server.admin_url, autocommit=True) as admin:
        row = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'palace3_app' AND state <> 'idle' LIMIT 1"
        ).fetchone()
    if row:
        os.kill(row[0], signal.SIGKILL)


def faults(house: StormHouse, told: dict[int, tuple[str, str]]) -> list[str]:
    """What is not as it must be; empty when all is well."""
    with psycopg.connect(house.owner) as owner:
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
    if len(rows) != len(house.waiting) or len({row[0] for row in rows}) != len(rows):
        found.append(f"{len(rows)} allocations for {len(house.waiting)} participants")
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
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="palace3-storm-") as folder:
        told_in = Path(folder) / "told"
        told_in.mkdir()
        house = StormHouse(Path(folder) / "pg", {"all": asked.participants})
        try:
            from tests.integration.randomization.storm import Storm

            storm = Storm(
                house.waiting,
                pressing(house),
                told_in,
                kills=asked.kills,
                pause=(0.5, 2.0),
                break_backend=lambda: kill_a_backend(house),
            )
            seconds = storm.run()
            found = faults(house, storm.acknowledged())
        finally:
            house.server.stop()
    print(
        f"storm: {len(house.waiting)} allocations, 18 strata, 16 clients, {storm.killed} clients and a backend killed, "
        f"{len(house.waiting) / seconds:.0f}/s: {'all in order' if not found else 'NOT in order'}"
    )
    for fault in found:
        print(f"  {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

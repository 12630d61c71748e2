"""Follow-up of the whole trial: five years day by day, and one night of a trial a hundred times as large.

* ``years``: 356 participants randomized over two years, followed for five through rolling, reminding and
  sending with the clock given; then every promise is checked (``tests.integration.followup.years.faults``).
* ``night``: 35,600 participants with 30 visits each; nights in which nothing, 300 and 3,000 visits turn.
  What a night costs follows what turns, and its memory stays flat.

Run: ``python -m bench.followup [--participants 356] [--years 5] [--people 35600] [--only years|night]``.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.table import HEAD, row

PASSWORD = "bench-only"
FIRST_DAY = date(2024, 5, 6)
NIGHT = date(2026, 11, 20)
VISITS = 30
PEOPLE = """
INSERT INTO trials_participant (id, number, site_id, state, state_since, arm, protocol_version, registered_on,
    came_by_request, act_id)
SELECT 1000000 + n, '09-' || lpad(n::text, 5, '0'), %(site)s, 'FOLLOW_UP', '2025-01-01', '1', '1.0', '2025-01-01',
    false, %(act)s
FROM generate_series(1, %(people)s) n
"""
# Ten visits behind (done), twenty ahead; the first one ahead turns on the night for the first %(turning)s people.
VISIT_ROWS = """
INSERT INTO followup_visit (code, occurrence, anchor, anchor_on, target, opens, closes, proposed_on, forms,
    procedures, reason, state, took_place_on, timing, not_done_reason, turns_on, participant_id, site_id, act_id)
SELECT 'X-' || v, 1, 'RAND', '2025-01-01', day, day - 14, day + 14, day, '{}', '{}', 'CALENDAR',
    CASE WHEN v <= 10 THEN 'done' ELSE 'planned' END, CASE WHEN v <= 10 THEN day END,
    CASE WHEN v <= 10 THEN 'in' ELSE '' END, '', CASE WHEN v > 10 THEN day - 14 END,
    1000000 + n, %(site)s, %(act)s
FROM generate_series(1, %(people)s) n, generate_series(1, %(visits)s) v,
    LATERAL (SELECT %(night)s::date + 15 + (v - 11) * 30 + CASE
        WHEN n <= 300 THEN -1 WHEN n <= 3300 THEN 0 ELSE 1 + n %% 400 END AS day) d
"""


def start(folder: Path) -> tuple[Any, str]:
    """A migrated database of its own; the server and the administrator's address for that database."""
    from demo.servers.postgres import EmbeddedPostgres
    from kernel.postgresql.roles import prepare, url_of

    server = EmbeddedPostgres(folder, fsync=True, max_connections=50).start()
    owner, app = prepare(server.admin_url, "palace3_bench", PASSWORD, PASSWORD)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "palace3.settings",
        "SECRET_KEY": "bench-only",
        "DATABASE_URL": app,
        "DATABASE_OWNER_URL": owner,
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    }
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    # Nobody fills forms in the play: each visit would be told for its empty ones.
    from notices import sources

    sources.SOURCES = tuple(source for source in sources.SOURCES if source.__name__ != "empty_forms")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    return server, url_of(server.admin_url, database="palace3_bench")


class Counter:
    """Counts statements on the connection while it is open."""

    def __init__(self) -> None:
        self.statements = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements += 1
        return execute(sql, params, many, context)


def play_years(participants: int, years: int) -> str:
    """Play the trial; return what it took. It fails when a promise does not hold."""
    from django.db import connection

    from kernel.scope import EVERYTHING, scope
    from tests.integration.followup.years import Years, faults
    from tests.world import build_world

    world, counter = build_world(), Counter()
    played = Years(world, seed=7, first_day=FIRST_DAY)
    begun = time.monotonic()
    with scope(user_id=None, sites=EVERYTHING), connection.execute_wrapper(counter):
        randomized, cuts = 0, {400, 1000, 1600}
        for number in range(years * 365 + 1):
            while randomized < participants and randomized <= number * participants / 730:
                played.randomize("12"[randomized % 2])
                randomized += 1
            if number in cuts:
                played.announce(played.day + timedelta(days=20))
            played.pass_day()
            if number % 365 == 364:
                year = f"year {number // 365 + 1}: {randomized} participants"
                print(
                    f"{year}, {time.monotonic() - begun:.0f} s, {counter.statements:,} statements", flush=True
                )
        took = time.monotonic() - begun
        found = faults(played)
    assert found == [], found[:20]
    days = years * 365 + 1
    return (
        f"{participants} participants, {days} days: {took:.0f} s, {counter.statements:,} statements "
        f"({1000 * took / days:.0f} ms and {counter.statements / days:.0f} statements a day); no promise broken"
    )


def play_nights(people: int, admin_url: str) -> Iterator[tuple[str, str]]:
    """Roll a large site on three nights; yield what each was and what it took."""
    from django.conf import settings
    from django.db import connection, transaction

    from followup.services import update_visit_states
    from kernel.scope import EVERYTHING, scope
    from tests.world import NOW
    from trials import services as trials
    from trials.models import Site

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        site = trials.create_site(
            code="09",
            name="Large",
            name_zh="大",
            city="Large",
            city_zh="大",
            time_zone=settings.TRIAL_TIME_ZONE,
            by=None,
            at=NOW,
        )
        act = site.act_id
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        values = {"site": site.pk, "act": act, "people": people, "visits": VISITS, "night": NIGHT}
        admin.execute(PEOPLE, values)
        admin.execute(VISIT_ROWS, values)
        admin.execute("VACUUM ANALYZE followup_visit, trials_participant")
        rows = admin.execute("SELECT count(*) FROM followup_visit WHERE site_id = %s", [site.pk]).fetchone()
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        site = Site.objects.get(pk=site.pk)
    for night in (NIGHT - timedelta(1), NIGHT, NIGHT + timedelta(1)):
        counter, begun = Counter(), time.monotonic()
        with scope(user_id=None, sites=EVERYTHING), connection.execute_wrapper(counter):
            turned = update_visit_states(site=site, on=night, at=NOW)
        took, memory = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        yield (
            f"night of {turned:,} turns among {rows[0]:,} visits",
            f"{1000 * took:.0f} ms, {counter.statements} statements, peak memory {memory:.0f} MiB",
        )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--participants", type=int, default=356)
    asked.add_argument("--years", type=int, default=5)
    asked.add_argument("--people", type=int, default=35_600)
    asked.add_argument("--only", choices=("years", "night"))
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder:
        server, admin_url = start(Path(folder) / "postgres")
        try:
            if options.only != "years":
                print(HEAD)
                for what, took in play_nights(options.people, admin_url):
                    row(what, took)
            if options.only != "night":
                print(play_years(options.participants, options.years), flush=True)
        finally:
            from django.db import connection

            connection.close()
            server.stop()


if __name__ == "__main__":
    main()

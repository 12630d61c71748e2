"""What triggers, trail, policies and the scope function cost: a save and lists with them, and without.

Run: ``python -m bench.guards [--participants 100]``. The trial is copied; in the copy every trigger of ours is off, no
table has policies, and the scope is opened by a function that does nothing. The same work is done in both by turns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from bench.databases import Trial, filled, serve, server
from bench.forms import FORM, save_by_turns, staged
from bench.table import HEAD, alternated, row
from kernel.postgresql.roles import url_of

SAVE, LIST = 6, 1.3
BARE = "trial_bare"
LISTS = {
    "participants": "/participants/",
    "participants, by API": "/api/v1/participants/",
    "queries": "/queries/",
    "work list": "/work-list/",
}
UNGUARDED = """
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname = 'public'
    LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', each.name);
        EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', each.name);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', each.name);
    END LOOP;
    FOR each IN SELECT p.oid::regprocedure AS name, pg_get_function_arguments(p.oid) AS told,
            pg_get_function_result(p.oid) AS answer
        FROM pg_proc p WHERE p.proname = 'scope_open'
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE FUNCTION public.scope_open(%s) RETURNS %s LANGUAGE sql AS $none$ SELECT NULL $none$',
            each.told, each.answer
        );
    END LOOP;
END $$
"""


def unguarded(trial: Trial, admin_url: str) -> str:
    """Return the address, for the application, of a copy of the trial in which nothing guards."""
    source = trial.admin.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {BARE} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {BARE} TEMPLATE {source}")
    with psycopg.connect(url_of(admin_url, database=BARE), autocommit=True) as admin:
        admin.execute(UNGUARDED)
        admin.execute("VACUUM ANALYZE")
    return BARE


@contextmanager
def other_database(name: str) -> Iterator[Callable[[Callable[[], Any]], Callable[[], Any]]]:
    """Inside, what it gives wraps work so that it is done in the database ``name`` of the same server."""
    from django.db import connections

    here = connections["default"]
    there = connections.create_connection("default")
    there.settings_dict = {**here.settings_dict, "NAME": name}

    def in_it(work: Callable[[], Any]) -> Callable[[], Any]:
        def done() -> Any:
            connections["default"] = there
            try:
                return work()
            finally:
                connections["default"] = here

        return done

    yield in_it
    there.close()


def compare(what: str, works: dict[str, Callable[[], Any]], *, most: float, rounds: int) -> None:
    taken = alternated(works, rounds=rounds, warm=5)
    ratio = taken["guarded"] / taken["bare"]
    row(
        what,
        f"{ratio:.2f} × the same without guards ({taken['guarded']:.1f} and {taken['bare']:.1f} ms)",
        f"≤ {most} ×",
        kept=ratio <= most,
    )


def lists(in_it: Callable[[Callable[[], Any]], Callable[[], Any]]) -> None:
    from django.test import Client

    from bench.pages import person

    for what, address in LISTS.items():

        def client() -> Client:
            made = Client(HTTP_HOST="127.0.0.1")
            made.force_login(person("coord01"))
            return made

        def reading(by: Client, address: str = address) -> Callable[[], Any]:
            def read() -> None:
                assert by.get(address).status_code == 200, address

            return read

        works = {"guarded": reading(client()), "bare": in_it(reading(in_it(client)()))}
        compare(f"list: {what}", works, most=LIST, rounds=25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=100)
    asked = parser.parse_args()
    with server() as running:
        trial = filled(running, asked.participants)
        name = unguarded(trial, running.admin_url)
        serve(trial)
        from kernel.scope import EVERYTHING, scope

        number = staged()
        print(f"\n{asked.participants} participants\n\n{HEAD}")
        with other_database(name) as in_it:
            with scope(user_id=None, sites=EVERYTHING):
                here, there = save_by_turns(number), in_it(lambda: save_by_turns(number))()
                compare(f"save of {FORM}", {"guarded": here, "bare": in_it(there)}, most=SAVE, rounds=30)
            lists(in_it)


if __name__ == "__main__":
    main()

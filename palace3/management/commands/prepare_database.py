"""Makes database and roles, then migrates: the first and every later step of an installation's database."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kernel.environment import READS_ITS_OWN_FILE
from kernel.postgresql.purpose import keep_for_practice
from kernel.postgresql.roles import (
    APP,
    OWNER,
    database_name,
    password_of,
    prepare,
    prepare_backup,
    prepare_replication,
    url_of,
)
from kernel.postgresql.scope_sql import ACTS_NEAR_THE_CLOCK


class Command(BaseCommand):
    help = (
        "Make the roles palace3_owner, palace3_app and palace3_allocator and the database, then migrate. "
        "Reads DATABASE_ADMIN_URL (an account that may create roles); passwords come from DATABASE_URL and "
        "DATABASE_OWNER_URL. With DATABASE_URL alone, it is taken for the administrator's if it may create roles. "
        "May be run again at any time."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--production", action="store_true", help="refuse to go on while a secret is empty"
        )
        parser.add_argument("--no-migrate", action="store_true", help="make roles and database only")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["production"] and (empty := empty_secrets(os.environ)):
            raise CommandError(
                f"These have no secret yet: {', '.join(empty)}. Set each: docs/reference/environment.md."
            )
        admin, app, owner = addresses(os.environ)
        made = not (app and owner)
        if admin:
            app, owner = self._prepare(admin, app, owner)
        if not owner:
            raise CommandError(
                "No address of an administrator or owner is known. Set DATABASE_ADMIN_URL or DATABASE_OWNER_URL."
            )
        if not options["no_migrate"]:
            migrate(owner, app)
            if options["production"]:
                keep_acts_near_the_clock(owner)
        if not (made and admin):
            self.stdout.write("Database ready.")
        else:
            self.stdout.write(
                "Database ready. Keep these two lines where the processes read their environment:"
            )
            self.stdout.write(f"DATABASE_URL={app}\nDATABASE_OWNER_URL={owner}")

    def _prepare(self, admin: str, app: str, owner: str) -> tuple[str, str]:
        name = database_name(os.environ)
        try:
            made_owner, made_app = prepare(admin, name, password_of(owner), password_of(app))
        except psycopg.OperationalError as refusal:
            raise CommandError(
                "The database server did not let the administrator in. Check host, port, name and password in "
                f"DATABASE_ADMIN_URL. Its own words: {refusal}"
            ) from refusal
        if settings.PALACE3_PRACTICE:
            keep_for_practice(admin, name)
        if backup := os.environ.get("DATABASE_BACKUP_URL", ""):
            prepare_backup(admin, name, password_of(backup))
        if replication := os.environ.get("DATABASE_REPLICATION_URL", ""):
            prepare_replication(admin, name, password_of(replication))
        # Given addresses stand: they may carry options (TLS) or go by way of a pooler.
        return app or made_app, owner or made_owner


def addresses(environment: Mapping[str, str]) -> tuple[str, str, str]:
    """(administrator, application, owner) as far as the environment names them; an empty text for the rest."""
    admin = environment.get("DATABASE_ADMIN_URL", "")
    app = environment.get("DATABASE_URL", "")
    owner = environment.get("DATABASE_OWNER_URL", "")
    if not admin and app and not owner and may_create_roles(app):
        return server_of(app), "", ""
    for address, role, variable in ((app, APP, "DATABASE_URL"), (owner, OWNER, "DATABASE_OWNER_URL")):
        if address and admin and urlsplit(address).username != role:
            raise CommandError(
                f"{variable} names the user {urlsplit(address).username}. Name {role} there instead."
            )
    return admin, app, owner


def keep_acts_near_the_clock(owner: str) -> None:
    """From now on the database refuses an act that is dated back or ahead; a simulated trial is not production."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(ACTS_NEAR_THE_CLOCK)


def empty_secrets(environment: Mapping[str, str]) -> list[str]:
    """The variables that hold no secret, or an address without a password."""
    kept = (
        "SECRET_KEY",
        "PALACE3_LIST_KEY",
        "PALACE3_IDENTITY_KEY",
        "PALACE3_TRAIL_KEY",
        "PALACE3_ANCHOR_KEY",
    )
    # The list's key stays in its file, which is read anew each time.
    in_file = {name for name in READS_ITS_OWN_FILE if environment.get(f"{name}_FILE")}
    plain = [name for name in kept if name not in in_file and not environment.get(name)]
    addressed = ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_URL", "BROKER_URL")
    return plain + [name for name in addressed if not urlsplit(environment.get(name, "")).password]


def may_create_roles(address: str) -> bool:
    try:
        with psycopg.connect(server_of(address)) as connection:
            row = connection.execute(
                "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError:
        return False
    return bool(row and row[0])


def server_of(address: str) -> str:
    """``address`` at the database that every server has: the one that it names may not exist yet."""
    return url_of(address, database="postgres")


def migrate(owner: str, app: str) -> None:
    """The schema is as the code expects. In a process of its own, which is the only one told the owner's address."""
    environment = {**os.environ, "DATABASE_OWNER_URL": owner, "DATABASE_URL": app or owner}
    command = [
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        "migrate",
        "--database",
        "owner",
        "--noinput",
    ]
    if subprocess.run(command, env=environment, check=False).returncode:
        raise CommandError("The migrations did not run to their end. What stopped them stands above.")

"""Switch maintenance on or off, or say how it stands."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import timezone

from kernel.maintenance import MaintenanceMode, begin_maintenance, end_maintenance, maintenance


class Command(BaseCommand):
    help = (
        "on: nobody writes, pages can be read, tasks wait (--closed: nothing can be read either). off: people work "
        "again. Without a word it says how it stands. All machines that share MAINTENANCE_FILE follow."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("word", nargs="?", choices=("on", "off"), default=None)
        parser.add_argument("--closed", action="store_true", help="with on: nothing can be read either")
        parser.add_argument(
            "--minutes", type=int, default=0, help="with on: how long people are told it lasts"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["word"] == "on":
            mode = MaintenanceMode.CLOSED if options["closed"] else MaintenanceMode.READ_ONLY
            begin_maintenance(mode, at=timezone.now(), minutes=options["minutes"])
        elif options["word"] == "off":
            if refuses_writes():
                raise CommandError(
                    "The database still refuses every write: an upgrade was broken off. Run manage.py upgrade again, "
                    "or manage.py upgrade --end-broken to go on with the release that serves now. Maintenance stays on."
                )
            end_maintenance()
        now = maintenance()
        self.stdout.write(f"maintenance: {now.mode.value} since {now.since}" if now else "maintenance: off")


def refuses_writes() -> bool:
    """Say whether an upgrade has shut the database to the application and never opened it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW default_transaction_read_only")
            (state,) = cursor.fetchone()
    except DatabaseError:  # away: the file alone is in question
        return False
    return str(state) == "on"

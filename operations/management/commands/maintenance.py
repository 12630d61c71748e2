"""Switch maintenance on or off, or say how it stands."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from kernel.maintenance import MaintenanceMode, begin_maintenance, end_maintenance, maintenance


class Command(BaseCommand):
    help = (
        "on: nobody writes, pages can be read, tasks wait (--closed: nothing can be read either). off: people work "
        "again. Without a word it says how it stands. All machines that share MAINTENANCE_FILE follow."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("word", nargs="?", choices=("on", "off"), default="")
        parser.add_argument("--closed", action="store_true", help="with on: nothing can be read either")
        parser.add_argument(
            "--minutes", type=int, default=0, help="with on: how long people are told it lasts"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["word"] == "on":
            mode = MaintenanceMode.CLOSED if options["closed"] else MaintenanceMode.READ_ONLY
            begin_maintenance(mode, at=timezone.now(), minutes=options["minutes"])
        elif options["word"] == "off":
            end_maintenance()
        now = maintenance()
        self.stdout.write(f"maintenance: {now.mode.value} since {now.since}" if now else "maintenance: off")

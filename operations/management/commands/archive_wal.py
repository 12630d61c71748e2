"""Archive what the database server writes as it writes it, encrypted, until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kernel.errors import Refusal
from operations.backups.point_in_time import archive_wal, wal_received


class Command(BaseCommand):
    help = (
        "Receive WAL (pg_receivewal, with a slot) and put it encrypted into WAL_DIR/wal, the segment being written "
        "every few seconds; runs until it is ended. Reads DATABASE_REPLICATION_URL and BACKUP_RECIPIENT."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=10, help="how often what came is encrypted")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        folder, recipients = Path(settings.WAL_DIR), os.environ.get("BACKUP_RECIPIENT", "")
        spool = folder / "spool"
        try:
            with wal_received(address=os.environ.get("DATABASE_REPLICATION_URL", ""), spool=spool) as running:
                self.stdout.write("receiving")
                self.stdout.flush()
                while not ended.wait(options["seconds"]):
                    archive_wal(spool=spool, folder=folder / "wal", recipients=recipients)
                    if running.poll() is not None:
                        raise CommandError("pg_receivewal has ended; what it said stands above.")
            archive_wal(spool=spool, folder=folder / "wal", recipients=recipients)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

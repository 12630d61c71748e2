"""Make a server's folder that comes to one moment, such as the second before a mistake."""

from __future__ import annotations

import os
import shutil
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kernel.errors import Refusal
from operations.backups.point_in_time import restore_to


class Command(BaseCommand):
    help = (
        "Open the last base backup of before MOMENT and the WAL since, into DIR/data; a PostgreSQL of the same version "
        "started over it comes to MOMENT and is then a server of its own. Reads BACKUP_IDENTITY; touches no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("moment", type=datetime.fromisoformat, help="such as 2026-11-30T08:14:59+00:00")
        parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="a new folder")
        parser.add_argument("--owner", default="", help="the account that runs PostgreSQL (as root)")

    def handle(self, *args: Any, **options: Any) -> None:
        moment: datetime = options["moment"]
        if moment.tzinfo is None:
            raise CommandError("Say the moment with its zone, such as 2026-11-30T08:14:59+00:00.")
        into: Path = options["into"].absolute()
        try:
            base = restore_to(
                folder=Path(settings.WAL_DIR),
                identity=os.environ.get("BACKUP_IDENTITY", ""),
                moment=moment,
                into=into,
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        if owner := options["owner"]:
            for path in (into, *into.rglob("*")):
                shutil.chown(path, user=owner)
        self.stdout.write(f"{into / 'data'} from {base.path.name}. Start PostgreSQL over it, then wait until")
        self.stdout.write(
            "SELECT pg_is_in_recovery() says false; delete the folder wal beside it afterwards."
        )

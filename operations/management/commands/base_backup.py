"""Take an encrypted copy of the whole database server, which with its WAL comes back to any second."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.errors import Refusal
from operations.backups.point_in_time import delete_old_bases, take_base
from operations.backups.writing import delete_killed


class Command(BaseCommand):
    help = (
        "Copy the whole server (pg_basebackup), encrypted to BACKUP_RECIPIENT, into WAL_DIR; keep the newest BASE_KEEP "
        "and the WAL since the oldest of them. Reads DATABASE_REPLICATION_URL."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        folder, at = Path(settings.WAL_DIR), timezone.now()
        killed = delete_killed(folder, at=at)
        try:
            base = take_base(
                address=os.environ.get("DATABASE_REPLICATION_URL", ""),
                recipients=os.environ.get("BACKUP_RECIPIENT", ""),
                folder=folder,
                at=at,
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        gone = delete_old_bases(folder, keep=int(os.environ.get("BASE_KEEP", "2")))
        self.stdout.write(
            f"{base.path}\nreaches back to {base.ended_at.isoformat()}; deleted: {len(gone) + len(killed)} files"
        )

"""Restore a backup into an empty database."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kernel.errors import Refusal
from kernel.postgresql.roles import database_name
from operations.backups.reading import restore, restore_files
from operations.management.restored import administrator, passwords, tell


class Command(BaseCommand):
    help = (
        "Prove every part of the backup, restore it into the empty database that DATABASE_URL names, and compare rows, "
        "digests, guards and the audit chain. Reads DATABASE_ADMIN_URL and BACKUP_IDENTITY. Exit 1 when one differs."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder palace3-… of the backup")
        parser.add_argument(
            "--files", action="store_true", help="put the files of exports back into EXPORT_ROOT too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        admin = administrator()
        identity = os.environ.get("BACKUP_IDENTITY", "")
        try:
            _app, findings = restore(
                folder=options["folder"],
                identity=identity,
                admin=admin,
                name=database_name(os.environ),
                passwords=passwords(),
            )
            if options["files"]:
                number = restore_files(
                    folder=options["folder"], identity=identity, root=Path(settings.MEDIA_ROOT)
                )
                self.stdout.write(f"{number} files stand in {settings.MEDIA_ROOT}")
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        tell(self, findings)

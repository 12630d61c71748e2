"""Restore a backup into an empty database."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kernel.errors import Refusal
from kernel.postgresql.roles import database_name, password_of
from operations.backups.reading import restore, restore_files


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
        admin = os.environ.get("DATABASE_ADMIN_URL", "")
        if not urlsplit(admin).password:
            raise CommandError(
                "DATABASE_ADMIN_URL names no administrator with a password. Set it and run again."
            )
        identity = os.environ.get("BACKUP_IDENTITY", "")
        passwords = (
            password_of(os.environ.get("DATABASE_OWNER_URL", "")),
            password_of(os.environ.get("DATABASE_URL", "")),
        )
        try:
            _app, findings = restore(
                folder=options["folder"],
                identity=identity,
                admin=admin,
                name=database_name(os.environ),
                passwords=passwords,
            )
            if options["files"]:
                number = restore_files(
                    folder=options["folder"], identity=identity, root=Path(settings.MEDIA_ROOT)
                )
                self.stdout.write(f"{number} files stand in {settings.MEDIA_ROOT}")
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        for finding in findings:
            self.stdout.write(f"{'ok     ' if finding.is_well else 'DIFFERS'} {finding.name}: {finding.seen}")
        if not all(finding.is_well for finding in findings):
            raise SystemExit(1)

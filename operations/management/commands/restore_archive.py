"""Restore the archive of a trial into an empty database."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel.errors import Refusal
from kernel.postgresql.roles import database_name
from operations.backups.archive import prove_archive, restore_archive
from operations.management.restored import administrator, passwords, tell


class Command(BaseCommand):
    help = (
        "Prove every file of an archive, restore its database into the empty one that DATABASE_URL names, and compare "
        "rows, digests, guards and the audit chain. Reads DATABASE_ADMIN_URL. --prove compares files alone. Exit 1 "
        "when one differs."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder that holds SHA256SUMS")
        parser.add_argument(
            "--prove", action="store_true", help="compare the files with their digests, no more"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["prove"]:
                about = prove_archive(options["folder"])
                self.stdout.write(f"every file is as it was archived at {about['made_at']}")
                return
            findings = restore_archive(
                folder=options["folder"],
                admin=administrator(),
                name=database_name(os.environ),
                passwords=passwords(),
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        tell(self, findings)

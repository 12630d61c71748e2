"""Restore the archive of a trial into an empty database."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from kernel.errors import Refusal
from kernel.postgresql.roles import database_name, password_of
from operations.backups.archive import prove_archive, restore_archive


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
            admin = os.environ.get("DATABASE_ADMIN_URL", "")
            if not urlsplit(admin).password:
                raise CommandError(
                    "DATABASE_ADMIN_URL names no administrator with a password. Set it and run again."
                )
            findings = restore_archive(
                folder=options["folder"],
                admin=admin,
                name=database_name(os.environ),
                passwords=(
                    password_of(os.environ.get("DATABASE_OWNER_URL", "")),
                    password_of(os.environ.get("DATABASE_URL", "")),
                ),
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        for finding in findings:
            self.stdout.write(f"{'ok     ' if finding.is_well else 'DIFFERS'} {finding.name}: {finding.seen}")
        if not all(finding.is_well for finding in findings):
            raise SystemExit(1)

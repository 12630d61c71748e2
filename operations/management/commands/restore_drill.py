"""Restore the newest backup on a scratch server, prove it, and keep the result on record."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.files import digest_of_file
from kernel.scope import EVERYTHING, scope
from operations.backups.drill import drill
from operations.backups.writing import MANIFEST, backups_in
from operations.models import OperationKind
from operations.services import OperationFile, QualificationFinding, record_operation


class Command(BaseCommand):
    help = (
        "Restore a backup (the newest of BACKUP_DIR) on a scratch server, compare rows, digests, guards, audit chain "
        "and signatures, put it on record, and leave nothing. Reads BACKUP_IDENTITY and, if set, DATABASE_DRILL_URL. "
        "Exit 1 when anything differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, nargs="?", help="another backup than the newest")

    def handle(self, *args: Any, **options: Any) -> None:
        at, begun = timezone.now(), time.monotonic()
        stand = backups_in(Path(settings.BACKUP_DIR))
        folder = options["folder"] or (stand[-1] if stand else None)
        if folder is None:
            raise CommandError(f"{settings.BACKUP_DIR} holds no backup. Run manage.py backup first.")
        try:
            findings = drill(
                folder=folder,
                identity=os.environ.get("BACKUP_IDENTITY", ""),
                server=os.environ.get("DATABASE_DRILL_URL", ""),
            )
        except Exception as fault:
            # Whatever stopped it, a drill that did not end well is on record.
            findings = [QualificationFinding("restore", False, str(fault) or type(fault).__name__)]
        manifest = folder / MANIFEST
        file = OperationFile(digest_of_file(manifest)) if manifest.exists() else OperationFile()
        with scope(user_id=None, sites=EVERYTHING):
            record_operation(
                OperationKind.RESTORE_DRILL,
                took=timedelta(seconds=time.monotonic() - begun),
                findings=findings,
                by=None,
                at=at,
                file=file,
            )
        for finding in findings:
            self.stdout.write(f"{'ok     ' if finding.is_well else 'DIFFERS'} {finding.name}: {finding.seen}")
        if not all(finding.is_well for finding in findings):
            raise SystemExit(1)

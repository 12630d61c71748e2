"""Take an encrypted backup of the database and of the files of exports."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from operations.backups.writing import Backup, copy_away, delete_killed, delete_old, take_backup
from operations.models import OperationKind
from operations.services import OperationFile, QualificationFinding, record_operation


class Command(BaseCommand):
    help = (
        "Dump the database and the export files as of one moment, encrypted to BACKUP_RECIPIENT, into BACKUP_DIR; copy "
        "them to BACKUP_TARGET and read the copy back; keep the newest BACKUP_KEEP. The trial's keys are never in it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        at, begun = timezone.now(), time.monotonic()
        findings: list[QualificationFinding] = []
        file = OperationFile()
        try:
            self._sweep(at, findings)
            backup = take_backup(
                address=os.environ.get("DATABASE_BACKUP_URL", ""),
                recipients=os.environ.get("BACKUP_RECIPIENT", ""),
                folder=Path(settings.BACKUP_DIR),
                at=at,
            )
            file = OperationFile(backup.digest, backup.size)
            findings.append(QualificationFinding("backup", True, backup.folder.name))
            self._hand_on(backup, findings)
        except (Refusal, OSError, psycopg.Error) as refusal:
            words = str(refusal)
            findings.append(QualificationFinding("backup", False, words))
            raise CommandError(words) from refusal
        finally:
            with scope(user_id=None, sites=EVERYTHING):
                record_operation(
                    OperationKind.BACKUP,
                    took=timedelta(seconds=time.monotonic() - begun),
                    findings=findings,
                    by=None,
                    at=at,
                    file=file,
                )
        self.stdout.write(f"{backup.folder}\n{backup.size} bytes, digest of the manifest {backup.digest}")

    def _sweep(self, at: datetime, findings: list[QualificationFinding]) -> None:
        """Before anything is written: what a killed run left may be what fills the disk."""
        folders = [Path(settings.BACKUP_DIR), *map(Path, filter(None, [os.environ.get("BACKUP_TARGET", "")]))]
        if gone := [name for folder in folders for name in delete_killed(folder, at=at)]:
            findings.append(
                QualificationFinding("left by killed backups", True, f"deleted: {', '.join(gone)}")
            )

    def _hand_on(self, backup: Backup, findings: list[QualificationFinding]) -> None:
        keep = int(os.environ.get("BACKUP_KEEP", "30"))
        folders = [Path(settings.BACKUP_DIR)]
        if target := os.environ.get("BACKUP_TARGET", ""):
            there = copy_away(backup, target=Path(target))
            findings.append(QualificationFinding("copy off this site", True, str(there)))
            folders.append(Path(target))
        gone = [name for folder in folders for name in delete_old(folder, keep=keep)]
        findings.append(QualificationFinding("retention", True, f"deleted: {', '.join(gone) or 'none'}"))

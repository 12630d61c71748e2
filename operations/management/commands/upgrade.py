"""Upgrade the database to this release, or leave it as it was."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.errors import Refusal
from kernel.postgresql.roles import database_name
from kernel.scope import EVERYTHING, scope
from operations.models import OperationKind
from operations.services import OperationFile, QualificationFinding, record_operation
from operations.upgrading import UpgradeOrder, UpgradeOutcome, end_broken, upgrade

UNKNOWN = "without a number"


class Command(BaseCommand):
    help = (
        "Read-only maintenance, backup, migrations, proof of rows and audit trail, smoke test, back to work; what "
        "fails is rolled back to the backup, and maintenance stays on until the former release serves again. Reads "
        "DATABASE_ADMIN_URL, DATABASE_OWNER_URL, DATABASE_BACKUP_URL, BACKUP_RECIPIENT and BACKUP_IDENTITY. Exit 1 "
        "when rolled back, 2 when the roll-back failed too."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--minutes", type=int, default=0, help="how long people are told it lasts")

        parser.add_argument(
            "--end-broken",
            action="store_true",
            help="an upgrade was killed: let people write with this release",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["end_broken"]:
            try:
                end_broken(_order(0))
            except (Refusal, psycopg.Error) as refusal:
                raise CommandError(str(refusal)) from refusal
            self.stdout.write("The database takes writes again, and maintenance is off.")
            return
        at, begun = timezone.now(), time.monotonic()
        order = _order(options["minutes"])
        former = former_release(order.here)
        self.stdout.write(f"From release {former} to {settings.RELEASE}")
        try:
            outcome = upgrade(order, at=at, say=self._say)
        except (Refusal, psycopg.Error, OSError) as refusal:
            raise CommandError(f"{refusal}\nNothing was upgraded, and people work as before.") from refusal
        verdict = _verdict(outcome, former)
        report = Path(settings.BACKUP_DIR) / f"upgrade-{at:%Y%m%dT%H%M%SZ}.txt"
        lines = [
            f"{'ok    ' if each.is_well else 'FAILED'} {each.name}: {each.seen}" for each in outcome.said
        ]
        report.write_text("\n".join([f"From release {former} to {settings.RELEASE}", *lines, verdict, ""]))
        self.stdout.write(f"{verdict}\nReport: {report}")
        if outcome.failed:
            raise SystemExit(1 if outcome.rolled_back else 2)
        taken = outcome.backup
        releases = QualificationFinding("release", True, f"from {former} to {settings.RELEASE}")
        with scope(user_id=None, sites=EVERYTHING):
            record_operation(
                OperationKind.UPGRADE,
                took=timedelta(seconds=time.monotonic() - begun),
                findings=[releases, *outcome.said],
                by=None,
                at=at,
                file=OperationFile(taken.digest, taken.size) if taken else OperationFile(),
            )

    def _say(self, finding: QualificationFinding) -> None:
        self.stdout.write(f"{'ok    ' if finding.is_well else 'FAILED'} {finding.name}: {finding.seen}")
        self.stdout.flush()


def _order(minutes: int) -> UpgradeOrder:
    told = {
        name: os.environ.get(name, "")
        for name in ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_URL")
    }
    return UpgradeOrder(
        admin=told["DATABASE_ADMIN_URL"],
        owner=told["DATABASE_OWNER_URL"],
        app=told["DATABASE_URL"],
        name=database_name(os.environ),
        backup=os.environ.get("DATABASE_BACKUP_URL", ""),
        recipients=os.environ.get("BACKUP_RECIPIENT", ""),
        identity=os.environ.get("BACKUP_IDENTITY", ""),
        folder=Path(settings.BACKUP_DIR),
        minutes=minutes,
    )


def former_release(address: str) -> str:
    """Return the release that wrote the last act of the database."""
    try:
        with psycopg.connect(address) as there:
            row = there.execute("SELECT release FROM audit_act ORDER BY id DESC LIMIT 1").fetchone()
    except psycopg.Error:  # before releases stood in acts
        row = None
    return str(row[0]) if row and row[0] else UNKNOWN


def _verdict(outcome: UpgradeOutcome, former: str) -> str:
    if not outcome.failed:
        return f"Release {settings.RELEASE} serves. Start web, worker and beat of this release; run manage.py qualify."
    if outcome.rolled_back:
        return (
            f"It failed at: {outcome.failed}. The database is as it was before, to the row. Put the archive of release "
            f"{former} back, start it, then manage.py maintenance off. Nobody has lost anything that was saved."
        )
    folder = outcome.backup.folder if outcome.backup else "the last backup"
    return (
        f"It failed at: {outcome.failed}, and the roll-back failed too. Maintenance stays on. Restore {folder} into an "
        "empty database with manage.py restore of the former release."
    )

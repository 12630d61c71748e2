"""Qualify the installation: look at all that must be there, attack what must refuse, and keep the record."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from kernel.scope import EVERYTHING, scope
from operations.models import OperationKind
from operations.qualification.checks import INSTALLED, WORKING, QualificationOrder, qualify
from operations.qualification.paper import paper
from operations.services import record_operation


class Command(BaseCommand):
    help = (
        "Look at all that must be installed and work, attack the database in a transaction that is rolled back, and "
        "keep the record of installation and operation, with its paper in both languages. Exit 1 on any failure."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mail-to", default="", help="an address that somebody reads now")
        parser.add_argument(
            "--without", action="append", default=[], choices=[*INSTALLED, *WORKING], metavar="CHECK"
        )
        parser.add_argument("--paper", type=Path, help="a folder for the papers as well")

    def handle(self, *args: Any, **options: Any) -> None:
        at, begun = timezone.now(), time.monotonic()
        asked = QualificationOrder(at, options["mail_to"], frozenset(options["without"]))
        installed, working = qualify(INSTALLED, asked), qualify(WORKING, asked)
        findings = [*installed, *working]
        for finding in findings:
            self.stdout.write(f"{'ok    ' if finding.is_well else 'FAILED'} {finding.name}: {finding.seen}")
        papers = (
            paper(installed, working, language="en", at=at),
            paper(installed, working, language="zh-hans", at=at),
        )
        try:
            with scope(user_id=None, sites=EVERYTHING):
                record = record_operation(
                    OperationKind.QUALIFICATION,
                    took=timedelta(seconds=time.monotonic() - begun),
                    findings=findings,
                    by=None,
                    at=at,
                    papers=papers,
                )
        except DatabaseError as fault:
            # A clock that is wrong, or a database that takes nothing, is among the findings: they were said.
            raise CommandError(f"This is not on record, for the database refused it: {fault}") from fault
        if options["paper"]:
            options["paper"].mkdir(parents=True, exist_ok=True)
            for language, content in zip(("en", "zh"), papers, strict=True):
                path = options["paper"] / f"qualification-{record.pk}-{language}.pdf"
                path.write_bytes(content)
                self.stdout.write(str(path))
        if not record.passed:
            raise SystemExit(1)

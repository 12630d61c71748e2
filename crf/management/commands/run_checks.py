"""Judge all stored data by the checks of today, and say what opened and closed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from crf.records.judging import run_checks
from kernel.scope import EVERYTHING, scope
from trials.models import Participant


class Command(BaseCommand):
    help = (
        "Judge all stored data by the checks of today: open and close queries and listed findings, and name each. "
        "With --dry-run nothing is written, and the exit code is 1 where a query would open or close."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", default="", help="code of one site; all sites without it")
        parser.add_argument("--dry-run", action="store_true", help="say what would change and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {"site__code": options["site"]} if options["site"] else {}
        with scope(user_id=None, sites=EVERYTHING):
            with transaction.atomic():
                rows = Participant.objects.filter(**wanted).order_by("pk")
                people = list(rows.values_list("pk", flat=True))
            changes = run_checks(people=people, at=timezone.now(), keeps=not options["dry_run"])
        for word, lines in (
            ("query opened", changes.opened),
            ("query closed", changes.closed),
            ("finding listed", changes.listed),
            ("finding gone", changes.gone),
        ):
            for line in lines:
                self.stdout.write(f"{word}: {line}")
        self.stdout.write(
            f"{len(people)} participants judged. Queries: {len(changes.opened)} opened, {len(changes.closed)} "
            f"closed. Listed findings: {len(changes.listed)} new, {len(changes.gone)} gone."
        )
        if options["dry_run"] and changes.asks:
            raise SystemExit(1)

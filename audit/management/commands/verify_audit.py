"""Prove that acts, versions, secrets and guards are as they must be, or name each that is not."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from audit.anchors import faults_against
from audit.models import Seal
from audit.verify import unsealed, verify
from kernel.scope import EVERYTHING, scope


class Command(BaseCommand):
    help = (
        "Compare every sealed act and version with what the tables hold now, secrets with their digests in the trail, "
        "and the guards with the program's; exit 1 and name what differs. Reads only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--against",
            metavar="FILE|DIGEST",
            help="a copy of an anchor, or one chained digest, that was kept outside: history up to it is proved by it",
        )
        parser.add_argument(
            "--public-key", default="", help="the key that the copy must be signed with (base64)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["against"]
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            named = [str(finding) for finding in verify()]
            if given:
                named += faults_against(_text_of(given), public_key=options["public_key"])
            waiting = unsealed()
            last = Seal.objects.order_by("-last_act").defer("leaves").first()
        for line in named:
            self.stderr.write(line)
        self.stdout.write(
            f"{waiting.number} acts are not sealed yet, the oldest for {waiting.age.total_seconds():.0f} s."
        )
        if named:
            raise SystemExit(1)
        self.stdout.write(
            f"Sealed up to act {last.last_act}, chained digest {last.chain}: untouched."
            if last
            else "Nothing is sealed yet."
        )
        if given:
            self.stdout.write("History is the one of which the given digest was taken.")


def _text_of(given: str) -> str:
    path = Path(given)
    return path.read_text("utf-8") if path.exists() else given

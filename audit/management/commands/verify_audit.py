"""Prove that acts and versions are as they were sealed, or name each row that is not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from audit.models import Seal
from audit.seals import verify
from kernel.scope import EVERYTHING, scope


class Command(BaseCommand):
    help = "Compare every sealed act and version with what the tables hold now; exit 1 and name what differs."

    def handle(self, *args: Any, **options: Any) -> None:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            touched = False
            for finding in verify():
                touched = True
                self.stderr.write(str(finding))
            last = Seal.objects.order_by("-last_act").first()
        if touched:
            raise SystemExit(1)
        self.stdout.write(
            f"Sealed up to act {last.last_act}, chained digest {last.chain}: untouched."
            if last
            else "Nothing is sealed yet."
        )

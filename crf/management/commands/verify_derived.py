"""Compare every stored derived answer and finding with a fresh evaluation, or name each record that differs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from crf.records.verification import everybody, verify_derived
from kernel.scope import EVERYTHING, scope


class Command(BaseCommand):
    help = "Compare derived answers and queries with a fresh evaluation; change nothing; exit 1 and name what differs."

    def handle(self, *args: Any, **options: Any) -> None:
        differing = 0
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            for difference in verify_derived(everybody(), at=timezone.now()):
                differing += 1
                self.stderr.write(str(difference))
        if differing:
            raise SystemExit(1)
        self.stdout.write("Every derived answer and query is as its answers are judged now.")

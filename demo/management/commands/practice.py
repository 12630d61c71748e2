"""Set up practice in its own database: the practice site, its people and its list (ADR 57)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from demo.practice.services import set_up_practice
from kernel.scope import EVERYTHING, scope
from trials.models import Site


class Command(BaseCommand):
    help = (
        "Set up practice in the database of practice, after prepare_database: the practice site, its people, and a "
        "list of its own. Does nothing where the practice site stands already."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.PALACE3_PRACTICE:
            raise CommandError(
                "This is not the server of practice. Set PALACE3_PRACTICE=1 and its own DATABASE_URL."
            )
        with scope(user_id=None, sites=EVERYTHING):
            with transaction.atomic():
                stands = Site.objects.exists()
            if not stands:
                set_up_practice(at=timezone.now())
        self.stdout.write("Practice stands already." if stands else "Practice is set up.")

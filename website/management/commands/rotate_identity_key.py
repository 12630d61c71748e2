"""Seal everything that says who somebody is under the first key of PALACE3_IDENTITY_KEY."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from website.services.keys import seal_anew


class Command(BaseCommand):
    help = (
        "Put the new key before the old one, with a comma between, in PALACE3_IDENTITY_KEY and restart every process; "
        "run this; then take the old key away and restart again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = seal_anew(at=timezone.now())
        if options["verbosity"]:
            self.stdout.write(f"{done} entries are sealed under the first key.")

"""Erase who sent contact requests, before their time, when the trial asks nobody any more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from kernel.clock import local_date
from kernel.commands import typed_day
from kernel.scope import EVERYTHING, scope
from trials.models import ContactRequest
from website.services.erasing import erase_at_end


class Command(BaseCommand):
    help = (
        "Erase who sent the closed requests that came before a day; each erasure is an act with the reason, and the "
        "request stays and counts. Open requests stay. Says how many it would erase; with --really it does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", required=True, type=typed_day, metavar="DAY")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--really", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if not reason:
            raise CommandError("Say the reason: it stands in every act. Nothing was erased.")
        with scope(user_id=None, sites=EVERYTHING):
            with transaction.atomic():
                kept = list(ContactRequest.objects.filter(erased_at=None).order_by("pk"))
            chosen = [
                each
                for each in kept
                if not each.is_open
                and local_date(each.received_at, settings.TRIAL_TIME_ZONE) < options["before"]
            ]
            if not options["really"]:
                self.stdout.write(
                    f"{len(chosen)} would be erased of {len(kept)} kept. Say --really to do it."
                )
                return
            now = timezone.now()
            done = sum(erase_at_end(request=each, reason=reason, at=now) for each in chosen)
        self.stdout.write(
            f"{done} were erased; {len(kept) - done} are kept. Backups hold them for their own term."
        )

"""Import the answers of an ODM-XML file into a study that has none."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from exports.odm.importing import import_odm
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from trials.models.people import with_grants


class Command(BaseCommand):
    help = (
        "Import the answers of an ODM-XML snapshot (1.3.2 or 2.0) of the same forms. Participants, consents and "
        "allocations are there before; the study has no answers. Everything is taken, or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file, as an export wrote it")
        parser.add_argument("--as", dest="person", required=True, help="user name of a trial manager")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        user = User.objects.filter(username=options["person"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no account {options['person']}.")
        person = with_grants(user, on=local_date(now, settings.TRIAL_TIME_ZONE))
        with scope(user_id=person.pk, sites=EVERYTHING):
            try:
                done = import_odm(source=options["file"], by=person, at=now)
            except Refusal as refused:
                raise CommandError(str(refused)) from refused
        self.stdout.write(f"{done.participants} participants, {done.records} records, SHA-256 {done.digest}")

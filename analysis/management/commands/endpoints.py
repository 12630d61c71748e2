"""Write the endpoints of every participant as CSV, so that a statistician can compute everything again."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from analysis.taking import TakenEndpoints, take_endpoints
from kernel.commands import new_folder
from kernel.errors import Refusal
from kernel.reading import UnreadableError, day, moment
from kernel.scope import EVERYTHING, scope
from trials.commands import person_named, trial_day
from trials.models.people import sites_of


class Command(BaseCommand):
    help = "Write the endpoints of every randomized participant to a folder, one row each; the audit trail keeps it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="a folder that is new or empty")
        parser.add_argument(
            "--as-of",
            help="a past moment with its offset, or a day of the trial, such as 2026-10-01 (its end)",
        )
        parser.add_argument("--as", dest="person", help="user name of who takes it; the operator without it")
        parser.add_argument("--purpose", default="endpoints for analysis", help="kept in the audit trail")
        parser.add_argument(
            "--with-arm",
            action="store_true",
            help="with the column ARM: for the statistician, on record as a look",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        person = _taker(options["person"], now) if options["person"] else None
        with new_folder(options["out"]) as out:
            try:
                taken = _taken(options, out, person, now)
            except Refusal as refused:
                raise CommandError(str(refused)) from refused
        for name, (rows, digest) in taken.files.items():
            self.stdout.write(f"{name}: {rows} rows, SHA-256 {digest}")
        self.stdout.write(
            f"As of {taken.as_of.isoformat()}, {'with' if taken.with_arm else 'without'} the arm."
        )


def _taken(options: dict[str, Any], out: Path, person: User | None, now: datetime) -> TakenEndpoints:
    as_of = _moment(options["as_of"]) if options["as_of"] else None
    sites = sites_of(person) if person else EVERYTHING
    with scope(user_id=person.pk if person else None, sites=sites, on=trial_day(now)):
        return take_endpoints(
            out=out,
            purpose=options["purpose"],
            as_of=as_of,
            with_arm=options["with_arm"],
            by=person,
            at=now,
        )


def _taker(name: str, now: datetime) -> User:
    person = person_named(name, now)
    if not person.may(Permission.EXPORT_TAKE):
        raise CommandError(f"{name} may not take data.")
    return person


def _moment(said: str) -> datetime:
    """Return the moment that was said; a day means its end in the time of the trial."""
    zone = ZoneInfo(settings.TRIAL_TIME_ZONE)
    try:
        return moment(said)
    except UnreadableError:
        pass
    try:
        return datetime.combine(day(said), time(), zone) + timedelta(days=1, microseconds=-1)
    except UnreadableError as unread:
        raise CommandError(
            f"{said} is no moment. Write it as 2026-10-01T08:00:00+08:00 or 2026-10-01."
        ) from unread

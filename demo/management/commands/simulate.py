"""Fill an empty database with a synthetic trial, through the services that the pages call."""

from __future__ import annotations

import gc
import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from demo.servers.stack import Trial
from demo.simulation.oversight import report_to_committee
from demo.simulation.trial import play
from kernel.scope import EVERYTHING, scope
from kernel.tasks import send
from trials.models import Site

WALKED_AT_MOST = 712
# Forms and rows live as long as the command; looking for garbage as often as usual takes a twelfth of its time.
OBJECTS_BETWEEN_COLLECTIONS = 200_000


class Command(BaseCommand):
    help = (
        "Walk synthetic participants through the trial. Up to 712 are walked through the services one by one; "
        "beyond that they are copied in bulk: as the application role, under acts and under the same guards of the "
        "database, each copy with a place of its own from the list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=int, default=Trial.participants)
        parser.add_argument("--sites", type=int, default=Trial.sites)
        parser.add_argument("--seed", type=int, default=Trial.seed)
        parser.add_argument("--walk", type=int, default=WALKED_AT_MOST, help="walk so many, copy the rest")
        parser.add_argument(
            "--unguarded",
            action="store_true",
            help="write the copies as the role of DATABASE_ADMIN_URL, past triggers and foreign keys: for benches",
        )
        parser.add_argument(
            "--progress-to", type=Path, help="keep in this file how many participants are done"
        )
        parser.add_argument("--accounts-to", type=Path, help="write the demonstration accounts to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            if Site.objects.exists():
                raise CommandError("There is a trial in this database already. Start with an empty one.")
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
        self._progress: Path | None = options["progress_to"]
        self._tell(0, options["participants"])
        walked = min(options["participants"], options["walk"], WALKED_AT_MOST)
        now = timezone.now()
        stage, refused = play(
            participants=options["participants"],
            walked=walked,
            sites=options["sites"],
            seed=options["seed"],
            until=now,
            tell_progress=self._tell,
            superuser=os.environ["DATABASE_ADMIN_URL"] if options["unguarded"] else "",
        )
        if not options["unguarded"]:  # a pack of so many takes longer than all that it would measure
            report_to_committee(by=stage.central["stats"], second=stage.central["stats2"], at=now)
            send("crf:run_checks")  # what a night would have listed, by the worker as soon as it runs
        for line in refused:
            self.stderr.write(f"refused: {line}")
        if options["accounts_to"]:
            options["accounts_to"].write_text(json.dumps(stage.accounts, indent=2))
        self.stdout.write(f"{options['participants']} participants at {options['sites']} sites.")

    def _tell(self, done: int, of: int) -> None:
        if self._progress:
            self._progress.write_text(f"{done} of {of}")
        if done and (done % 10 == 0 or done == of):
            self.stdout.write(f"{done} of {of} participants", ending="\n")
            self.stdout.flush()

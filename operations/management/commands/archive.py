"""Archive the whole trial in open formats."""

from __future__ import annotations

import io
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exports.formats.kinds import DataFormat
from kernel.commands import new_folder
from kernel.errors import Refusal
from operations.backups.archive import archive_database, archive_files, archive_program, seal_archive

FORMATS = (DataFormat.CSV, DataFormat.ODM20_ALL, DataFormat.CASEBOOKS)


class Command(BaseCommand):
    help = (
        "Write the archive at the end of the trial into a new folder: data in open formats, casebooks, the database "
        "with its audit trail as CSV and SQL, code and documentation, and a digest of every file. The register of "
        "exports knows them. Reads DATABASE_BACKUP_URL. manage.py restore_archive brings it back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as", dest="person", required=True, help="user name of who takes the exports")
        parser.add_argument("--out", type=Path, required=True, help="a folder that is new or empty")
        parser.add_argument("--purpose", default="archive at the end of the trial")
        parser.add_argument(
            "--identifying", action="store_true", help="answers that could say who somebody is, by right"
        )
        parser.add_argument(
            "--formats", nargs="+", choices=DataFormat.values, default=[each.value for each in FORMATS]
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        with new_folder(options["out"]) as out:
            try:
                for kind in options["formats"]:
                    self._said(f"data/{kind}")
                    call_command(
                        "export", person=options["person"], purpose=options["purpose"], out=out / "data" / kind,
                        format=kind, identifying=options["identifying"], stdout=io.StringIO(),
                    )  # fmt: skip
                self._said("database")
                about = archive_database(address=os.environ.get("DATABASE_BACKUP_URL", ""), folder=out, at=at)
            except Refusal as refusal:
                raise CommandError(f"{refusal}\n{out} is no archive; remove it.") from refusal
            self._said("program, files")
            archive_program(out)
            archive_files(out)
            digest = seal_archive(out, about)
            rows = sum(int(figures[0]) for figures in about["contents"]["tables"].values())
            self.stdout.write(
                f"{out}: {rows} rows, digest of SHA256SUMS {digest}. Write it into the trial's file."
            )

    def _said(self, what: str) -> None:
        self.stdout.write(what)
        self.stdout.flush()

"""Compare two cuts from the command line: what changed between them, by whom and why, as a file."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crf import catalogue
from exports.compare.services import COMMON, take_comparison
from exports.management.commands.export import who_takes
from kernel.commands import new_folder
from kernel.errors import Refusal
from kernel.files import make_own_file
from trials.models.people import own_scope


class Command(BaseCommand):
    help = "Write what changed between two named cuts into a folder, and print its manifest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("before", metavar="A", help="name of a cut")
        parser.add_argument("after", metavar="B", help="name of a cut")
        parser.add_argument("--as", dest="person", required=True, help="user name of who takes it")
        parser.add_argument("--purpose", required=True, help="kept in the audit trail")
        parser.add_argument("--out", type=Path, required=True, help="a folder that is new or empty")
        parser.add_argument(
            "--form",
            choices=[COMMON, *catalogue.forms()],
            default="",
            help=f"one form, or {COMMON} for the tables that every export holds; everything without it",
        )
        parser.add_argument("--sites", nargs="+", default=[], help="two digits each; every site without it")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        person, sites = who_takes(options["person"], options["sites"], now)
        with new_folder(options["out"]) as out:
            try:
                with own_scope(person):
                    manifest = take_comparison(
                        path=out / "CHANGES.csv",
                        before=options["before"],
                        after=options["after"],
                        form=options["form"],
                        sites=sites,
                        purpose=options["purpose"],
                        by=person,
                        at=now,
                    )
            except Refusal as refused:
                raise CommandError(str(refused)) from refused
            said = json.dumps(manifest, indent=2, ensure_ascii=False)
            make_own_file(out / "manifest.json")
            (out / "manifest.json").write_text(said, encoding="utf-8")
        self.stdout.write(said)

"""``manage.py codebook --format csv``: every item that is recorded, one on each line, in both languages."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from io import StringIO

from django.core.management.base import BaseCommand, CommandError

from crf import catalogue
from exports.codebook.items import COLUMNS, RANDOMIZATION, lines_of


class Command(BaseCommand):
    """Prints the items of every form, or of those that are named, in the order of the form."""

    help = "Print every item: form, name, label in English and Chinese, type, unit, codes, ranges, condition, class."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "forms", nargs="*", metavar="FORM", help="codes of forms; all where none is named"
        )
        parser.add_argument("--format", choices=["csv"], default="csv")

    def handle(self, *, forms: list[str], **options: object) -> None:
        known = [*catalogue.forms(), RANDOMIZATION]
        if unknown := sorted({*forms} - {*known}):
            raise CommandError(f"There is no form {', '.join(unknown)}. The forms are: {', '.join(known)}.")
        output = StringIO()
        writer = csv.DictWriter(output, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for code in forms or known:
            writer.writerows(lines_of(code))
        self.stdout.write(output.getvalue(), ending="")

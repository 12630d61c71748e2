"""``manage.py dictionary ctcae --format csv``: the terms that forms ask for, with the grades of each."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from io import StringIO

from django.core.management.base import BaseCommand

from protocol import ctcae


class Command(BaseCommand):
    """Prints a term on each line; a grade that the term does not have is empty, one that it has says Y."""

    help = "Print the terms of CTCAE 5.0 with MedDRA's codes, classes and the grades that each term has."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dictionary", choices=["ctcae"])
        parser.add_argument("--format", choices=["csv"], default="csv")

    def handle(self, *, dictionary: str, **options: object) -> None:
        written = StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(["meddra_code", "soc", "term", *(f"grade{grade}" for grade in ctcae.GRADES)])
        for term in ctcae.terms():
            has = ["Y" if grade in term.grades else "" for grade in ctcae.GRADES]
            writer.writerow([term.code, term.soc, term.name, *has])
        self.stdout.write(written.getvalue(), ending="")

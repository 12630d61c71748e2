"""``manage.py dictionary ctcae --format csv``: the terms that forms ask for, with the grades of each."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from io import StringIO

from django.core.management.base import BaseCommand

from crf.store.grade_texts import ENGLISH, all_grade_texts
from kernel.scope import EVERYTHING, scope
from protocol import ctcae


class Command(BaseCommand):
    """Prints a term on each line; a grade that it does not have is empty, one that it has is its text, or Y."""

    help = "Print the terms of CTCAE 5.0 with MedDRA's codes, classes and the grades that each term has."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dictionary", choices=["ctcae"])
        parser.add_argument("--format", choices=["csv"], default="csv")
        parser.add_argument(
            "--texts", action="store_true", help="print the grade texts that are loaded, in place of Y"
        )

    def handle(self, *, dictionary: str, texts: bool, **options: object) -> None:
        output = StringIO()
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["meddra_code", "soc", "term", *(f"grade{grade}" for grade in ctcae.GRADES)])
        loaded = _loaded() if texts else {}
        for term in ctcae.terms():
            has = [
                loaded.get((term.code, grade), "Y") if grade in term.grades else "" for grade in ctcae.GRADES
            ]
            writer.writerow([term.code, term.soc, term.name, *has])
        self.stdout.write(output.getvalue(), ending="")


def _loaded() -> dict[tuple[str, str], str]:
    with scope(user_id=None, sites=EVERYTHING):
        return all_grade_texts(ENGLISH)

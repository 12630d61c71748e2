"""``manage.py load_ctcae``: what the grades of CTCAE mean, from the table that NCI publishes."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crf.store.grade_texts import load_grade_texts, read_grade_texts
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope


class Command(BaseCommand):
    """Reads NCI's table as CSV: ``MedDRA Code`` and ``Grade 1`` to ``Grade 5``; other columns are left aside."""

    help = (
        "Load the grade texts of CTCAE 5.0, or a translation in the same layout, to show beside the grades."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="NCI's table, saved as CSV in UTF-8")
        parser.add_argument("--language", default="en", choices=[code for code, _name in settings.LANGUAGES])

    def handle(self, *, file: str, language: str, **options: object) -> None:
        try:
            content = Path(file).read_bytes()
            text = content.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The file {file} cannot be read as text in UTF-8: {error}.") from error
        digest = hashlib.sha256(content).hexdigest()
        with scope(user_id=None, sites=EVERYTHING):
            try:
                texts = read_grade_texts(text)
                changed = load_grade_texts(texts=texts, language=language, digest=digest, at=timezone.now())
            except Refusal as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{changed} of {len(texts)} grade texts in {language} are new or changed.")

"""``manage.py load_questionnaire``: the licensed wording of the quality of life items, from the sponsor's file."""

from __future__ import annotations

import csv
import hashlib
import io
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crf import catalogue
from crf.store.licensed_wording import load_wordings
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope


class Command(BaseCommand):
    """Reads a CSV file with the columns ``item`` (1 to 48, c30, global, oes18) and ``text``."""

    help = "Load the licensed text of QLQ-C30 and QLQ-OES18 in one language. None of it is in the repository."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="CSV in UTF-8 with the columns item and text")
        parser.add_argument("--language", required=True, choices=[code for code, _name in settings.LANGUAGES])
        parser.add_argument("--licence", required=True, help="under which licence the text is used")
        parser.add_argument("--form", choices=licensed_forms(), default=licensed_forms()[0])

    def handle(self, *, file: str, language: str, licence: str, form: str, **options: object) -> None:
        try:
            content = Path(file).read_bytes()
            texts = read_texts(content.decode("utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The file {file} cannot be read as text in UTF-8: {error}.") from error
        with scope(user_id=None, sites=EVERYTHING):
            try:
                changed = load_wordings(
                    form_code=form,
                    language=language,
                    texts=texts,
                    licence=licence,
                    digest=hashlib.sha256(content).hexdigest(),
                    at=timezone.now(),
                )
            except Refusal as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{changed} of {len(texts)} texts of {form} in {language} are new or changed.")


def licensed_forms() -> list[str]:
    """Return the codes of the forms whose wording is not in the repository."""
    forms = catalogue.forms().values()
    return [form.code for form in forms if any(question.licensed for question in form.all_questions())]


def read_texts(text: str) -> dict[str, str]:
    """Return the texts by the names of their questions; CommandError when the file is not as it should be."""
    rows = csv.DictReader(io.StringIO(text))
    if not {"item", "text"} <= set(rows.fieldnames or ()):
        raise CommandError("The file needs the columns item and text.")
    texts: dict[str, str] = {}
    for row in rows:
        name = (row["item"] or "").strip()
        name = f"q{name}" if name.isdigit() else name
        if name in texts:
            raise CommandError(f"The file has two texts for {name}.")
        texts[name] = (row["text"] or "").strip()
    return texts

"""``manage.py load_dictionary``: a release of MedDRA or WHODrug Global, from the publisher's files."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crf.coding.release_files import LAYOUTS, decoded
from crf.coding.releases import load_release, read_release
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope


class Command(BaseCommand):
    """Reads a folder: ``llt.asc`` and ``mdhier.asc``, or ``DD.txt``, ``DDA.txt`` and ``INA.txt`` of format B3."""

    help = "Load a release of a dictionary that the trial is licensed for. None of it is in the repository."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dictionary", choices=sorted(LAYOUTS))
        parser.add_argument("folder", help="the folder of the release, with the publisher's names of files")
        parser.add_argument(
            "--release", required=True, help="the version of the dictionary, as 27.1 or GLOBALB3Mar25"
        )
        parser.add_argument("--language", default="en", choices=[code for code, _name in settings.LANGUAGES])
        parser.add_argument("--licence", required=True, help="under which licence the dictionary is used")

    def handle(
        self, *, dictionary: str, folder: str, release: str, language: str, licence: str, **options: object
    ) -> None:
        try:
            contents = contents_of(Path(folder), LAYOUTS[dictionary].files)
        except OSError as error:
            raise CommandError(f"The folder {folder} cannot be read: {error}.") from error
        digest = hashlib.sha256()
        for name, content in sorted(contents.items()):
            digest.update(f"{name}:{hashlib.sha256(content).hexdigest()}\n".encode())
        with scope(user_id=None, sites=EVERYTHING):
            try:
                texts = {
                    name: decoded(content, language=language, file=name) for name, content in contents.items()
                }
                loaded = load_release(
                    dictionary=dictionary,
                    version=release,
                    language=language,
                    licence=licence,
                    terms=read_release(dictionary=dictionary, texts=texts),
                    digest=digest.hexdigest(),
                    at=timezone.now(),
                )
            except Refusal as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{loaded} terms of {dictionary} {release} in {language} are new.")


def contents_of(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """Return the files of a folder that bear one of these names, whatever their case."""
    wanted = {name.casefold(): name for name in names}
    paths = {
        wanted[path.name.casefold()]: path for path in folder.iterdir() if path.name.casefold() in wanted
    }
    return {name: path.read_bytes() for name, path in paths.items()}

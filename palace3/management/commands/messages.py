"""The catalogue of translations: kept complete by developers, filled by translators."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from palace3.translations import Catalogue, faults, texts_of_project


class Command(BaseCommand):
    help = "Collect every text of the source into the catalogue of Simplified Chinese, and compile it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail if a translation is wanting"
        )
        parser.add_argument(
            "--prune", action="store_true", help="drop the texts that no source holds any more"
        )
        parser.add_argument(
            "--export-missing", type=Path, metavar="FILE.json", help="write what wants a translation"
        )
        parser.add_argument(
            "--import",
            type=Path,
            dest="source",
            metavar="FILE.json",
            help='take translations in: {"English": "中文"}, or the exported list with "text" filled',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        texts = texts_of_project(settings.BASE_DIR)
        catalogue = Catalogue(settings.BASE_DIR)
        if options["check"]:
            self._check(faults(catalogue, texts))
            return
        catalogue.update(texts, prune=options["prune"])
        if options["source"]:
            self._take_in(catalogue, options["source"])
        catalogue.write()
        missing = catalogue.untranslated()
        if options["export_missing"]:
            self._export(missing, options["export_missing"])
        self.stdout.write(f"{len(texts)} texts, {len(missing)} without a translation.")

    def _check(self, lines: list[str]) -> None:
        if lines:
            raise CommandError(
                "\n".join(lines) + f"\n{len(lines)} texts want a translator. Run: make messages, then "
                "manage.py messages --export-missing FILE.json, and --import it when it is filled."
            )
        self.stdout.write("Every text is translated.")

    def _take_in(self, catalogue: Catalogue, source: Path) -> None:
        content = json.loads(source.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            content = [{"id": text, "text": translation} for text, translation in content.items()]
        for text in catalogue.translate(content):
            self.stderr.write(f"not in the source, left out: {text!r}")

    def _export(self, missing: list[Any], target: Path) -> None:
        rows = [
            {
                "id": entry.msgid,
                "plural": entry.msgid_plural,
                "context": entry.msgctxt or "",
                "where": [name for name, _line in entry.occurrences],
                "text": "",
            }
            for entry in missing
        ]
        target.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

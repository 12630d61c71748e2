"""The pages of docs/reference/ from the code."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from palace3.reference import pages


class Command(BaseCommand):
    help = "Write docs/reference/ from the code; with --check, fail if a page there is older than the code."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "docs" / "reference"
        folder.mkdir(parents=True, exist_ok=True)
        with translation.override("en"):
            made = pages(settings.BASE_DIR)
        stale = [
            name
            for name, text in made.items()
            if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
        ]
        if options["check"] and stale:
            raise CommandError(f"docs/reference/ is older than the code: {', '.join(stale)}. Run: make docs")
        for name in stale:
            (folder / name).write_text(made[name], encoding="utf-8")
        self.stdout.write(f"docs/reference/: {len(stale)} of {len(made)} pages written anew.")

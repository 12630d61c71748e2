"""The pages of docs/reference/, and the example of an environment, from the code."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from kernel.environment import example_lines
from palace3 import validation
from palace3.accessibility_page import statement_lines
from palace3.qualification_page import qualification_lines
from palace3.reference import page, pages


class Command(BaseCommand):
    help = "Write docs/reference/ and .env.example from the code; with --check, fail if one is older than the code."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")
        parser.add_argument("--results", type=Path, help="JUnit file of a run: write its results")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["results"]:
            target = settings.BASE_DIR / "var" / "validation"
            target.mkdir(parents=True, exist_ok=True)
            for name, text in validation.pages(settings.BASE_DIR, options["results"]).items():
                (target / name).write_text(text, encoding="utf-8")
            return
        folder = settings.BASE_DIR / "docs" / "reference"
        folder.mkdir(parents=True, exist_ok=True)
        with translation.override("en"):
            made = {folder / name: text for name, text in pages(settings.BASE_DIR).items()}
        (settings.BASE_DIR / "docs" / "validation").mkdir(exist_ok=True)
        for name, text in validation.pages(settings.BASE_DIR).items():
            made[settings.BASE_DIR / "docs" / "validation" / name] = text
        with translation.override("en"):
            qualification = page("Qualification of an installation", qualification_lines(settings.BASE_DIR))
        made[settings.BASE_DIR / "docs" / "validation" / "qualification.md"] = qualification
        made[settings.BASE_DIR / "docs" / "accessibility.md"] = page("Accessibility", statement_lines())
        made[settings.BASE_DIR / ".env.example"] = "\n".join(example_lines()) + "\n"
        stale = [
            path
            for path, text in made.items()
            if not path.exists() or path.read_text(encoding="utf-8") != text
        ]
        if options["check"] and stale:
            names = ", ".join(path.name for path in stale)
            raise CommandError(f"docs/reference/ is older than the code: {names}. Run: make docs")
        for path in stale:
            path.write_text(made[path], encoding="utf-8")
        self.stdout.write(f"docs/reference/: {len(stale)} of {len(made)} pages written anew.")

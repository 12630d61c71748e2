"""A version of the protocol is tried before it reaches an installation."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from protocol.amendment import points
from protocol.text import ProtocolText, ProtocolTextError, read_from


class Command(BaseCommand):
    help = "Say whether FILE, named after its version, could follow the versions in use, and what it changes."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="such as 1.1.toml")
        parser.add_argument("--language", default="en", help="of what changes: en or zh-hans")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        used = Path(settings.PROTOCOL_FOLDER)
        try:
            with tempfile.TemporaryDirectory() as folder:
                for each in (*used.glob("*.toml"), file):
                    (Path(folder) / each.name).write_bytes(each.read_bytes())
                texts = read_from(Path(folder))
        except OSError as unreadable:
            raise CommandError(f"The file {file} cannot be read: {unreadable.strerror}.") from unreadable
        except ProtocolTextError as fault:
            raise CommandError(str(fault)) from fault
        finally:
            read_from(used)
        for earlier, later in pairwise(texts):
            if f"{later.version}.toml" == file.name:
                self.stdout.write(f"{file.name} can follow {earlier.version}.")
                self._points(earlier, later, str(options["language"]))
                return
        self.stdout.write(f"{file.name} is whole; no version comes before it.")

    def _points(self, earlier: ProtocolText, later: ProtocolText, language: str) -> None:
        """Print what the file says otherwise than the version before it, and what was left as it was copied."""
        if later.head.summary == earlier.head.summary:
            self.stdout.write(
                f"The summary is still that of {earlier.version}. Write what this version changes."
            )
        changed = list(points(earlier, later))
        if not changed:
            self.stdout.write(f"It says nothing otherwise than {earlier.version}.")
        for point in changed:
            title, aspect = point.title.in_language(language), point.aspect.in_language(language)
            before, after = (
                words.in_language(language) if words else "–" for words in (point.before, point.after)
            )
            self.stdout.write(f"{title} · {aspect}: {before} → {after}")

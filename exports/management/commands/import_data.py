"""Import a file of data: what differs is listed and stays as it is, what is new goes through the one door to a save."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from exports.imports.files import LARGEST_BYTES
from exports.imports.models import CellOutcome, DataImport
from exports.imports.services import carry_out_import, discard_import, preview_import
from kernel.errors import Refusal
from kernel.row_keys import row_key
from trials.commands import person_named
from trials.models.people import own_scope

LISTED = (CellOutcome.NEW, CellOutcome.CONFLICT, CellOutcome.REFUSED)


class Command(BaseCommand):
    help = (
        "Import a CSV or XLSX file into one form and print what became of its cells. Conflicts are never overwritten; "
        "a second run changes nothing. Exits with 1 when a cell differs from what is stored or cannot be taken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as", dest="person", required=True, help="user name of who imports")
        parser.add_argument("--form", required=True, help="code of the form, such as LB")
        parser.add_argument(
            "--file", type=Path, required=True, help="CSV in UTF-8 or XLSX, with names of columns"
        )
        parser.add_argument(
            "--mapping", type=Path, required=True, help="JSON: which column answers which question"
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would happen, save nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        person = person_named(options["person"], now)
        try:
            with own_scope(person):
                done = _imported(options, person, now)
        except Refusal as refused:
            raise CommandError(str(refused)) from refused
        except OSError as fault:
            raise CommandError(f"{fault.filename} cannot be read: {fault.strerror}.") from fault
        listed = [cell for cell in done.result if cell["outcome"] in LISTED]
        told = {"import": row_key(done), "state": done.state, "cells": done.counts, "listed": listed}
        self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
        left = done.counts[CellOutcome.CONFLICT] + done.counts[CellOutcome.REFUSED]
        if left:
            raise CommandError(f"Not taken, and listed above: {left}.")


def _content(path: Path) -> bytes:
    """Return the file, or as much of it as shows that it is too large."""
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)


def _text(path: Path) -> str:
    try:
        return _content(path).decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise CommandError(f"{path} is no text in UTF-8. Save it as UTF-8.") from fault


def _imported(options: dict[str, Any], person: User, now: datetime) -> DataImport:
    made = preview_import(
        form=options["form"],
        file=_content(options["file"]),
        file_name=options["file"].name,
        mapping=_text(options["mapping"]),
        mapping_name=options["mapping"].stem,
        by=person,
        at=now,
    )
    end = discard_import if options["dry_run"] else carry_out_import
    return end(data_import=made, by=person, at=now)

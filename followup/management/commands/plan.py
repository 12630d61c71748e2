"""``manage.py plan``: the whole plan of one imagined participant, to be compared with the protocol."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from protocol import schedule
from protocol.text import load, versions
from protocol.what_if import UnclearHistoryError, as_row, read_history


class Command(BaseCommand):
    """Prints visits as JSON; needs no database."""

    help = "Print the plan of one imagined participant, past and to come, as JSON. No database is needed."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--arm", required=True, help="1 or 2")
        parser.add_argument(
            "--milestones",
            required=True,
            help='JSON file such as {"RAND": "2025-01-06", "NEO_D1": "2025-01-13", "track": "NEOADJUVANT"}',
        )
        parser.add_argument(
            "--as-of", required=True, help="the day on which this is known, such as 2026-01-31"
        )

        parser.add_argument(
            "--protocol", default=settings.PROTOCOL_VERSION, help="the version of the protocol, such as 1.1"
        )

    def handle(self, *, arm: str, milestones: str, as_of: str, protocol: str, **options: object) -> None:
        if protocol not in versions():
            self._refuse(f"There is no version {protocol}. These are there: {', '.join(versions())}.")
        text = load(protocol)
        try:
            content = Path(milestones).read_text(encoding="utf-8-sig")
            history = read_history(text, arm=arm, text_of_history=content, as_of=as_of)
        except OSError as error:
            self._refuse(f"The file {milestones} cannot be read: {error.strerror}.")
        except UnicodeDecodeError:
            self._refuse(f"The file {milestones} is not text in UTF-8.")
        except UnclearHistoryError as error:
            self._refuse(str(error))
        else:
            rows = [as_row(visit) for visit in schedule.plan(text, history)]
            self.stdout.write(json.dumps(rows, indent=2))

    def _refuse(self, sentence: str) -> None:
        self.stderr.write(sentence)
        sys.exit(2)

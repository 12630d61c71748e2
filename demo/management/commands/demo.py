"""The synthetic trial, served on this machine by one command."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.servers.processes import EmbeddedError
from demo.servers.stack import DemoStack, Trial
from demo.servers.supervisor import Stopped


class Command(BaseCommand):
    help = (
        "Serve a synthetic trial until Ctrl-C: a real PostgreSQL, a real broker, web, worker and beat over one "
        "private folder. Its data stay for the next time; --reset throws them away."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 0) or None)
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "var" / "demo")
        parser.add_argument("--participants", type=int, default=Trial.participants)
        parser.add_argument("--sites", type=int, default=Trial.sites)
        parser.add_argument("--seed", type=int, default=Trial.seed)
        parser.add_argument("--practice", action="store_true", help="serve practice as well (ADR 57)")
        parser.add_argument("--reset", action="store_true", help="throw the synthetic trial away and end")

    def handle(self, *args: Any, **options: Any) -> None:
        trial = Trial(participants=options["participants"], sites=options["sites"], seed=options["seed"])
        house = DemoStack(options["folder"], port=options["port"], trial=trial, practice=options["practice"])
        try:
            if options["reset"]:
                house.reset()
                self.stdout.write("The synthetic trial is gone; the next `make demo` fills a new one.")
            else:
                house.serve()
        except Stopped:
            self.stdout.write("\nStopped; nothing is left running.")
        except EmbeddedError as refusal:
            raise CommandError(str(refusal)) from refusal

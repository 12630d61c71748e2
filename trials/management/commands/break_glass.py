"""Two people at the server give a trial manager access again, where nobody else can."""

from __future__ import annotations

import getpass
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from trials.services.break_glass import Witness, break_glass


class Command(BaseCommand):
    help = (
        "Give the trial manager a new first password and drop their second factor. Two other people of the trial sign "
        "in here, each with password and code; it is on record with the reason, and every trial manager has a mail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="the trial manager who is given access")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--witness", action="append", default=[], metavar="NAME", help="named twice")

    def handle(self, *args: Any, **options: Any) -> None:
        if len(options["witness"]) != 2:
            raise CommandError("Name two people: --witness A --witness B. Nothing was changed.")
        first, second = (_asked(name) for name in options["witness"])
        password = secrets.token_urlsafe(18)
        try:
            with scope(user_id=None, sites=EVERYTHING):
                user = break_glass(
                    username=options["username"],
                    witnesses=(first, second),
                    password=password,
                    reason=options["reason"],
                    at=timezone.now(),
                )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{user.username} signs in with this first password, and changes it: {password}")


def _asked(name: str) -> Witness:
    return Witness(name, getpass.getpass(f"Password of {name}: "), getpass.getpass(f"Code of {name}: "))

"""Make the first two trial managers of an installation, who then let in everybody else on the pages."""

from __future__ import annotations

import getpass
import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from trials.forms import FirstManagerForm
from trials.services.first_managers import create_first_manager


class Command(BaseCommand):
    help = (
        "Make a trial manager of a new installation; run it for two people, for what one grants a second one confirms. "
        "The first password is asked for, or read from standard input, and is changed at the first sign-in. "
        "Run again for the same person, it changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="it is never given to anybody else")
        parser.add_argument("--display-name", required=True, help="the name as printed on signatures")
        parser.add_argument("--email", required=True)
        parser.add_argument("--trained-on", required=True, help="day of the training, such as 2026-11-28")
        parser.add_argument(
            "--identity-checked-on", required=True, help="day on which the identity was checked"
        )
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], default="en")
        parser.add_argument("--password-from-stdin", action="store_true")
        parser.add_argument(
            "--print-password", action="store_true", help="make a first password and print it, this once"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(18) if options["print_password"] else _password(options)
        form = FirstManagerForm({**options, "password": password})
        if not form.is_valid():
            raise CommandError(_faults(form))
        try:
            with scope(user_id=None, sites=EVERYTHING):
                user, is_new = create_first_manager(**form.cleaned_data, at=timezone.now())
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{user.username} is a trial manager and changes the password at the first sign-in."
            if is_new
            else f"{user.username} is a trial manager already. Nothing was changed."
        )
        if is_new and options["print_password"]:
            self.stdout.write(
                f"For the first sign-in at {settings.PUBLIC_ADDRESS}{reverse('accounts:sign-in')}: {password}"
            )


def _password(options: dict[str, Any]) -> str:
    if options["password_from_stdin"]:
        return sys.stdin.readline().rstrip("\n")
    first, again = getpass.getpass("First password: "), getpass.getpass("Once more: ")
    if first != again:
        raise CommandError("The two passwords differ. Nothing was changed.")
    return first


def _faults(form: FirstManagerForm) -> str:
    lines = (
        f"{form.fields[name].label}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()
    )
    return "\n".join(lines)

"""Make the first person of an installation, who chooses password and second factor by a one-time link."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.first_link import GOOD_FOR, first_link
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from trials.forms import AdministratorForm
from trials.services.first_managers import NewManager, create_administrator


class Command(BaseCommand):
    help = (
        "Make the first trial manager of a new installation and print a link, good for a day and for one password. "
        "Refused once there is a trial manager; run again for who has not used the link yet, it prints another."
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

    def handle(self, *args: Any, **options: Any) -> None:
        form, now = AdministratorForm(options), timezone.now()
        if not form.is_valid():
            faults = (
                f"{form.fields[name].label}: {' '.join(map(str, said))}" for name, said in form.errors.items()
            )
            raise CommandError("\n".join(faults))
        try:
            with scope(user_id=None, sites=EVERYTHING):
                user = create_administrator(person=NewManager(**form.cleaned_data), at=now)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        hours = int(GOOD_FOR.total_seconds() // 3600)
        self.stdout.write(f"{user.username} is a trial manager. This link is good once, for {hours} hours:")
        self.stdout.write(f"{settings.PUBLIC_ADDRESS.rstrip('/')}{first_link(user, at=now)}")

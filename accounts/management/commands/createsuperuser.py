"""Django's own command of this name would write past the acts; this one says what to use instead."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Not used here: see create_trial_manager and break_glass."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "Nothing was done. create_administrator makes the first trial manager, create_trial_manager the second. "
            "Everybody else is let in on the page People, where passwords are reset too. "
            "Where no trial manager can sign in any more, two people use manage.py break_glass."
        )

"""Make the pair of keys that backups are encrypted with."""

from __future__ import annotations

from typing import Any

import pyrage
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Print a new pair: BACKUP_RECIPIENT stays on the server, BACKUP_IDENTITY goes into the safe and is never kept "
        "on the server. Whoever loses it cannot open one backup. age, a program of others, opens them with it as well."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        identity = pyrage.x25519.Identity.generate()
        self.stdout.write(f"BACKUP_RECIPIENT={identity.to_public()}\nBACKUP_IDENTITY={identity}")

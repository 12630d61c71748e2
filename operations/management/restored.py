"""What the commands that restore share: which roles they restore with, and how they tell what they compared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from kernel.postgresql.roles import password_of
from operations.services import QualificationFinding


def administrator() -> str:
    """Return the address of DATABASE_ADMIN_URL. Raises CommandError where it has no password."""
    admin = os.environ.get("DATABASE_ADMIN_URL", "")
    if not urlsplit(admin).password:
        raise CommandError("DATABASE_ADMIN_URL names no administrator with a password. Set it and run again.")
    return admin


def passwords() -> tuple[str, str]:
    """Return the passwords of the owner and of the application's role, as the environment has them."""
    owner, app = (os.environ.get(name, "") for name in ("DATABASE_OWNER_URL", "DATABASE_URL"))
    return password_of(owner), password_of(app)


def tell(command: BaseCommand, findings: Sequence[QualificationFinding]) -> None:
    """Write a line for each comparison; end with 1 where one differs."""
    for finding in findings:
        command.stdout.write(f"{'ok     ' if finding.is_well else 'DIFFERS'} {finding.name}: {finding.seen}")
    if not all(finding.is_well for finding in findings):
        raise SystemExit(1)

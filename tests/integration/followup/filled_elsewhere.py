"""A program: fill the database at DATABASE_URL with a small trial whose mails wait and whose night is due.

Used by the tests that crash a database server of their own. Prints the site's id.
"""

from __future__ import annotations

import os
from datetime import date
from typing import Any

LETTERS = 6


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "palace3.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import transaction

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    from accounts.services import write_mail
    from audit.acts import open_act
    from followup.services import plan_visits_for
    from kernel.scope import EVERYTHING, scope
    from tests.world import NOW, build_world, screen
    from trials import services as trials

    world = build_world()
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        for _number in range(3):
            participant = trials.reveal_arm(participant=screen(world), arm="1", **by)
            trials.set_milestone(
                participant=participant, code="RAND", on=date(2026, 11, 10), source="test", **by
            )
            plan_visits_for(participant=participant, **by)
        with open_act("tests:mail:write", by=None, at=NOW):
            for number in range(LETTERS):
                write_mail(
                    to=None, address="somebody@example.org", kind="tests", key=f"letter {number}",
                    subject=f"Letter {number}", body="Text", language="en", site=None, at=NOW,
                )  # fmt: skip
    print(world.site.pk)


if __name__ == "__main__":
    main()

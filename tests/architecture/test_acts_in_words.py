"""Everything that is done is told in words, never by the name that programs use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
OPENED = re.compile(r'\bopen_act\(\s*"([a-z_:]+)"')


def verbs_of_the_code() -> Iterator[str]:
    """Yield the name of every act, whether it is opened where it stands or handed to a service."""
    apps = [app for app in settings.INSTALLED_APPS if (ROOT / app).is_dir()]
    named = re.compile(rf'"((?:{"|".join(apps)})(?::[a-z_]+){{2}})"')
    for app in apps:
        for file in (ROOT / app).rglob("*.py"):
            if "migrations" not in file.parts:
                yield from (
                    verb for kind in (OPENED, named) for verb in kind.findall(file.read_text("utf-8"))
                )


def test_every_act_has_words() -> None:
    from reports.acts import WORDS

    verbs = set(verbs_of_the_code())
    assert len(verbs) > 200
    assert verbs - set(WORDS) == set()


def test_every_right_has_words() -> None:
    from accounts.permissions import PERMISSION_LABELS, Permission

    assert set(PERMISSION_LABELS) == set(Permission)

"""One played trial, asked once for everything that a statistician takes: files, pages, and data with code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from kernel.scope import EVERYTHING, scope
from tests.demo_trial import Played, played_trial

SEED = 2154
PAGES = ("results", "results-by-arm", "survival", "survival-by-arm", "flow")
_made: list[Path] = []


def played_reports(settings: Any, folders: pytest.TempPathFactory) -> Path:
    """Return the folder with what was taken."""
    if not _made:
        folder = folders.mktemp("reports")
        settings.MEDIA_ROOT = folder / "media"
        with played_trial(participants=10, seed=SEED) as played:
            with scope(user_id=None, sites=EVERYTHING):
                _commands(played, folder)
            _pages(played, folder)
        _made.append(folder)
    return _made[0]


def _commands(played: Played, folder: Path) -> None:
    """Both commands have run, for the statistician; another is refused."""
    asked = ("--as", played.people["S"].username, "--purpose", "analysis")
    call_command("endpoints", *asked, "--with-arm", "--out", str(folder / "endpoints"))
    call_command("export", *asked, "--format", "adam", "--out", str(folder / "adam"))
    with pytest.raises(CommandError, match="for the statistician"):
        call_command(
            "export",
            *("--as", played.people["D"].username, "--purpose", "x", "--format", "adam"),
            *("--out", str(folder / "refused")),
        )


def _pages(played: Played, folder: Path) -> None:
    statistician = client_of(played.people["S"])
    for name in PAGES:
        answer = statistician.get(reverse(f"analysis:{name}"))
        assert answer.status_code == 200, name
        (folder / f"{name}.html").write_bytes(answer.content)
    for name, person, typed in (
        ("by-arm", "S", {"with_arm": "True"}),
        ("pooled", "D", {}),
        ("refused", "D", {"with_arm": "True"}),
    ):
        answer = client_of(played.people[person]).post(
            reverse("analysis:data-and-code"), {"purpose": "to see the numbers again", **typed}
        )
        assert answer.status_code == (403 if name == "refused" else 200), name
        (folder / f"{name}.zip").write_bytes(answer.content)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client

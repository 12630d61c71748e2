"""Everything that happens to a participant is told in words, never by the name that programs use."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ABOUT_A_PARTICIPANT = re.compile(r'\bopen_act\(\s*"([a-z_:]+)"[^)]*participant=', re.S)


def test_every_act_about_a_participant_has_words() -> None:
    from reports.acts import WORDS

    files = [
        file for app in ("crf", "followup", "randomization", "trials") for file in (ROOT / app).rglob("*.py")
    ]
    verbs = {verb for file in files for verb in ABOUT_A_PARTICIPANT.findall(file.read_text("utf-8"))}
    assert len(verbs) > 15
    assert verbs - set(WORDS) == set()


def test_every_right_has_words() -> None:
    from accounts.permissions import PERMISSION_LABELS, Permission

    assert set(PERMISSION_LABELS) == set(Permission)

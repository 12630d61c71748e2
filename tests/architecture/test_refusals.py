"""A refusal is known by a code that it declares itself: callers of the API rely on it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from palace3.refusals import kinds_of_refusal

KINDS = kinds_of_refusal(Path(__file__).resolve().parents[2])


def test_every_kind_of_refusal_declares_its_code() -> None:
    assert len(KINDS) > 150
    assert [kind.name for kind in KINDS if not re.fullmatch(r"([a-z]+\.)?[a-z0-9_]+", kind.code)] == []


def test_a_code_stands_for_one_kind() -> None:
    assert {code for code, times in Counter(kind.code for kind in KINDS).items() if times > 1} == set()


def test_a_code_begins_with_its_package() -> None:
    outside = [
        kind.code
        for kind in KINDS
        if not kind.module.startswith("kernel")
        and kind.code.partition(".")[0] != kind.module.partition(".")[0]
    ]
    assert outside == []

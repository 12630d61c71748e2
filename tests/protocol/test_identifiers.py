"""What in a free text could say who somebody is (protocol 3.6, sae_narr); the browser looks by the same table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protocol.identifiers import identifying

CHAPTERS = ("3.6",)
CASES = json.loads(Path(__file__).with_name("identifiers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "kind"), CASES["identifying"])
def test_it_is_noticed(text: str, kind: str) -> None:
    assert kind in identifying(text)


@pytest.mark.parametrize("text", [None, *CASES["clean"]])
def test_a_clean_text_passes(text: str | None) -> None:
    assert identifying(text) == ()

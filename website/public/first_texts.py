"""The first texts that come with the program, to be reviewed, drafted and released like any other."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from website.public.language import CHINESE, ENGLISH

FILE = Path(__file__).with_name("first_texts.toml")


@dataclass(frozen=True)
class FirstText:
    """Title and body for one block in one language."""

    block: str
    language: str
    title: str
    body: str


@functools.cache
def first_texts() -> tuple[FirstText, ...]:
    """Return every text of the file, in its order."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        FirstText(block, language, words[key]["title"].strip(), words[key]["body"].strip())
        for block, words in read.items()
        for key, language in (("en", ENGLISH), ("zh", CHINESE))
    )


def first_text(block: str, language: str) -> FirstText | None:
    """Return the text for one block in one language, if there is one."""
    return next((t for t in first_texts() if (t.block, t.language) == (block, language)), None)

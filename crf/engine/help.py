"""Help beside a question or table: a sentence in which values of the protocol text have their places.

``%(fact.rt_fractions)s by the protocol.`` says 23 under the version under which the record was begun, and what an
amended text says under another; nowhere does a sentence hold the number itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import get_language

from crf.engine.answers import KnownValues
from kernel.punctuation import listed
from protocol.in_words import value_words
from protocol.text import load, versions
from protocol.values import is_value, value_of

PLACE = re.compile(r"%\(([a-z]+\.[\w.-]+)\)s")


def places(sentence: Any) -> tuple[str, ...]:
    """Return the names of the values for which the sentence has a place."""
    return tuple(PLACE.findall(str(sentence)))


def value_text(value: Any) -> str:
    """Return a value of the protocol text in the reader's language."""
    return value_words(value).in_language(get_language() or "en")


def value_texts(context: KnownValues) -> dict[str, str]:
    """Return each value of the protocol text that a form reads, in the reader's language, by its name."""
    return {name: value_text(value) for name, value in context.items() if is_value(name)}


def filled(sentence: Any, text_of: Callable[[str], str]) -> str:
    """Return the sentence with its places filled."""
    return PLACE.sub(lambda place: text_of(place[1]), str(sentence))


def on_paper(sentence: Any) -> str:
    """Return the sentence for a paper of no participant: where versions differ, each value names its version."""
    return filled(sentence, _of_every_version)


def _of_every_version(name: str) -> str:
    said: dict[str, list[str]] = {}
    for version in versions():
        said.setdefault(value_text(value_of(load(version), name)), []).append(version)
    if len(said) == 1:
        return next(iter(said))
    return " / ".join(f"{words} ({listed(which)})" for words, which in said.items())

"""Words one after the other, parted as the reader's language parts them: A, B; in Chinese A、B."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import pgettext


def listed(words: Iterable[object]) -> str:
    """Return words, codes or answers as one list within a sentence or a cell."""
    return pgettext("between words", ", ").join(map(str, words))


def listed_apart(parts: Iterable[object]) -> str:
    """Return parts that are long, or lists themselves, each set apart from the next."""
    return pgettext("between parts", "; ").join(map(str, parts))


def listed_facts(*facts: object) -> str:
    """Return what is said of one thing, each fact with a pause before the next: V1, 5 days late."""
    return pgettext("between facts", ", ").join(map(str, facts))

"""What tells that two participants may be one person, as keyed digests that name nobody (ADR 56).

Surname, day of birth and the end of an identity card are read here and go no further: what is kept is one digest of
surname and birth, and one of birth and card, under keys that the database does not hold.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from kernel.identity_keys import identity_keys

PURPOSE: Final = "same person"
CARD_END: Final = re.compile(r"[0-9]{3}[0-9X]")
# Keyboards write the ü of pinyin as v, passports as yu or u.
_UMLAUT: Final = re.compile(r"(?<=[ln])(?:v|yu)")


@dataclass(frozen=True, repr=False)
class TypedIdentity:
    """What a site typed of a person; nothing prints it."""

    born_on: date
    surname: str = ""
    card_end: str = ""


def plain_surname(typed: str) -> str:
    """Return a surname without blanks, hyphens, tones and capitals; Chinese characters stay as they are."""
    spelt = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", typed).casefold())
    letters = "".join(sign for sign in spelt if sign.isalpha())
    return _UMLAUT.sub("u", letters)


def plain_card_end(typed: str) -> str:
    """Return the last four signs of a card as they are printed: digits, the last one perhaps an X."""
    return "".join(unicodedata.normalize("NFKC", typed).upper().split())


def identity_is_asked() -> bool:
    """Say whether this installation has a key; without one nothing is asked and nothing is kept."""
    return bool(identity_keys(PURPOSE))


def identity_digests(identity: TypedIdentity) -> list[str]:
    """Return the digests of a person, under every key: while keys are changed, both find each other."""
    return sorted(
        hmac.new(key, said.encode(), "sha256").hexdigest()
        for key in identity_keys(PURPOSE)
        for said in _said(identity)
    )


def _said(identity: TypedIdentity) -> Iterator[str]:
    born = identity.born_on.isoformat()
    if surname := plain_surname(identity.surname):
        yield f"name:{surname}:{born}"
    if card := plain_card_end(identity.card_end):
        yield f"card:{card}:{born}"

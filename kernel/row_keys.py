"""Row numbers as people and programs outside are told them: eight letters and digits that say nothing of other rows.

A number counts the rows of every site, so an address with one would tell a site how much happens elsewhere. A key is
the number permuted under a secret of the installation and the kind of the row (ADR 58): the same row has the same key
for good, two keys say neither which came first nor how many lie between, and nobody without the secret makes one.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

if TYPE_CHECKING:
    from django.db import models

# Without I, L, O and U, which are taken for others; read whichever way they are typed.
LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_READ: Final = str.maketrans({"i": "1", "l": "1", "o": "0"})
LENGTH: Final = 8
_HALF_BITS: Final = 20
_HALF: Final = (1 << _HALF_BITS) - 1
ROUNDS: Final = 4  # as many as a permutation that nobody can tell from chance takes (Luby and Rackoff)

# The models whose rows people reach by an address; each has a converter of its name: ``<query:pk>``.
KINDS: Final = (
    *(
        "apitoken",
        "attachment",
        "attachmentupload",
        "contactattempt",
        "dataimport",
        "delegation",
        "deviationproposal",
    ),
    *(
        "export",
        "exportdefinition",
        "losstofollowup",
        "monitoringfinding",
        "query",
        "record",
        "referencerange",
    ),
    *(
        "registerentry",
        "samepersonquestion",
        "savedlisting",
        "sitecopy",
        "sitedocument",
        "trailreview",
        "transfer",
    ),
    *("visit", "withdrawal", "workingnote"),
)


class UnknownKey(ValueError):  # noqa: N818 (said by addresses and readers as "no such row", never to a person)
    """No row has this key: it is not one of ours."""


@lru_cache(maxsize=8192)
def key_of(kind: str, number: int) -> str:
    """Return the key of the row ``number`` of the kind; raises UnknownKey for a number that no row can have."""
    if not 0 <= number < 1 << 2 * _HALF_BITS:
        raise UnknownKey(number)
    left, right = number >> _HALF_BITS, number & _HALF
    for turn in range(ROUNDS):
        left, right = right, left ^ _mixed(kind, turn, right)
    whole = left << _HALF_BITS | right
    return "".join(LETTERS[whole >> 5 * place & 31] for place in reversed(range(LENGTH)))


def number_of(kind: str, key: str) -> int:
    """Return the number of the row that ``key`` names, whatever its case; raises UnknownKey for anything else."""
    text = key.strip().lower().translate(_READ)
    if len(text) != LENGTH or any(letter not in LETTERS for letter in text):
        raise UnknownKey(key)
    whole = 0
    for letter in text:
        whole = whole << 5 | LETTERS.index(letter)
    left, right = whole >> _HALF_BITS, whole & _HALF
    for turn in reversed(range(ROUNDS)):
        left, right = right ^ _mixed(kind, turn, left), left
    return left << _HALF_BITS | right


def row_of(kind: str, key: str) -> int | None:
    """Return the number that ``key`` stands for, or None: what somebody sends may be anything."""
    try:
        return number_of(kind, key)
    except UnknownKey:
        return None


def kind_of(model: type[models.Model]) -> str:
    """Return the kind under which rows of the model have their keys."""
    return str(model._meta.model_name)


def row_key(row: models.Model) -> str:
    """Return the key of a stored row."""
    return key_of(kind_of(type(row)), row.pk)


def _mixed(kind: str, turn: int, half: int) -> int:
    digest = hashlib.blake2b(half.to_bytes(3, "big"), digest_size=3, key=_secret(kind, turn)).digest()
    return int.from_bytes(digest, "big") & _HALF


@cache
def _secret(kind: str, turn: int) -> bytes:
    """Return the key of one round: from the trail's key, which does not change, or where none is set from Django's."""
    secret = settings.PALACE3_TRAIL_KEY or settings.SECRET_KEY
    return hmac.digest(secret.encode(), f"palace3 row {kind} {turn}".encode(), "sha256")


class RowKey:
    """A part of an address that names a row of one kind: Django sees the number, people the key."""

    kind = ""
    regex = f"[0-9A-Za-z]{{{LENGTH}}}"

    def to_python(self, value: str) -> int:
        return number_of(self.kind, value)

    def to_url(self, value: Any) -> str:
        return key_of(self.kind, int(value))


def register_row_keys() -> None:
    """Addresses may say ``<query:pk>``, and so for each kind."""
    from django.urls import register_converter

    for kind in KINDS:
        register_converter(type(f"{kind.title()}Key", (RowKey,), {"kind": kind}), kind)

"""Randomization numbers: unique in the trial, and silent about the order within a stratum (protocol 3.2)."""

from __future__ import annotations

import hmac

_HALF = 1024
_DOMAIN = 900_000
_ROUNDS = 6


def randomization_number(index: int, *, key: bytes, label: str) -> str:
    """The number of the place ``index`` (from 0) of the list ``label``, such as ``R1A-482913``.

    A keyed permutation of the six-digit numbers (Feistel rounds, walked until inside the range), so no two
    places share one and neighbours in the list do not look like neighbours.
    """
    if not 0 <= index < _DOMAIN:
        raise ValueError("a list holds at most 900,000 places")
    value = _permuted(index, key)
    while value >= _DOMAIN:
        value = _permuted(value, key)
    return f"R{label}-{100_000 + value}"


def _permuted(value: int, key: bytes) -> int:
    left, right = divmod(value, _HALF)
    for number in range(_ROUNDS):
        message = bytes([number]) + right.to_bytes(2, "big")
        mask = int.from_bytes(hmac.digest(key, message, "sha256")[:2], "big") % _HALF
        left, right = right, left ^ mask
    return left * _HALF + right

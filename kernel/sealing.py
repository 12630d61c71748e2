"""AES-GCM: what is sealed opens under its key alone, and only as what it was sealed for. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12


def seal_under(key: bytes, content: bytes, *, bound_to: bytes) -> bytes:
    """Return ``content`` sealed, with its nonce before it."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to)


def unseal_under(keys: Iterable[bytes], sealed: bytes, *, bound_to: bytes) -> bytes | None:
    """Return what one of ``keys`` opens; None for what was altered, moved, or sealed under another key."""
    for key in keys:
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            continue
    return None

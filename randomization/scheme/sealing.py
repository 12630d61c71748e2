"""Sealed arms: AES-256-GCM, bound to the place they were sealed for.

The key comes from the environment or from a key file and never enters the database. What is bound
(scheme, stratum, place) is checked when a seal is opened: a ciphertext moved to another place, or copied
from an old one, does not open. All places give ciphertexts of one length, whatever the arm.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.sealing import seal_under, unseal_under

KEY_VARIABLE = "PALACE3_LIST_KEY"
FILE_VARIABLE = "PALACE3_LIST_KEY_FILE"
_ARM_WIDTH = 8
_SALT = 32


class SealError(Exception):
    """What was sealed does not belong where it was found, or was altered."""


class ListKeyError(Exception):
    """The key that is needed is neither in the environment nor in the key file."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by id; ``current`` seals, all of them open (so a key can be changed place by place)."""

    current: str
    keys: Mapping[str, bytes]

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Read ``id:base64`` entries, one a line or comma-separated, the current one first."""
        entries = [entry.strip() for entry in text.replace(",", "\n").splitlines() if entry.strip()]
        keys: dict[str, bytes] = {}
        for entry in entries:
            key_id, _, encoded = entry.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not key_id or len(key) != 32:
                raise ListKeyError("each list key is written as id:base64 of 32 bytes")
            keys[key_id] = key
        if not keys:
            raise ListKeyError(f"set {KEY_VARIABLE} or {FILE_VARIABLE}")
        return cls(next(iter(keys)), keys)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> KeyRing:
        """The keys of this process: the variable, else the file that the other variable names."""
        text = environ.get(KEY_VARIABLE, "")
        path = environ.get(FILE_VARIABLE, "")
        if not text and path:
            text = Path(path).read_text(encoding="ascii")
        return cls.parse(text)


def new_key(key_id: str) -> str:
    """A fresh key as one entry for the key file."""
    return f"{key_id}:{base64.b64encode(AESGCM.generate_key(256)).decode('ascii')}"


@dataclass(frozen=True)
class Sealed:
    key_id: str
    blob: bytes


def bound_to(*parts: str | int) -> bytes:
    """The parts as one byte string that no other parts share: each behind its length."""
    encoded = [str(part).encode("utf-8") for part in ("palace3-seal-1", *parts)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def seal(ring: KeyRing, content: bytes, *, bound: bytes) -> Sealed:
    return Sealed(ring.current, seal_under(ring.keys[ring.current], content, bound_to=bound))


def unseal(ring: KeyRing, sealed: Sealed, *, bound: bytes) -> bytes:
    """The content, if it was sealed for exactly what ``bound`` says and never altered."""
    key = ring.keys.get(sealed.key_id)
    if key is None:
        raise ListKeyError(f"the list key {sealed.key_id} is not on this machine")
    content = unseal_under((key,), sealed.blob, bound_to=bound)
    if content is None:
        raise SealError("the seal does not fit its place")
    return content


def design_content(canonical: bytes) -> bytes:
    """A design in a fixed width (trailing blanks mean nothing to JSON), so its length says nothing either."""
    return canonical.ljust(512)


def arm_content(arm: str, salt: bytes) -> bytes:
    """Arm and salt in a fixed width, so that a ciphertext's length says nothing."""
    encoded = arm.encode("ascii")
    if not 0 < len(encoded) <= _ARM_WIDTH or len(salt) != _SALT:
        raise ValueError("an arm is a short code and a salt has 32 bytes")
    return encoded.ljust(_ARM_WIDTH, b"\x00") + salt


def arm_of(content: bytes) -> tuple[str, bytes]:
    """Arm and salt as ``arm_content`` laid them down."""
    return content[:_ARM_WIDTH].rstrip(b"\x00").decode("ascii"), content[_ARM_WIDTH:]


def rotated(ring: KeyRing, sealed: Sealed, *, bound: bytes) -> Sealed:
    """The same content under the current key."""
    return seal(ring, unseal(ring, sealed, bound=bound), bound=bound)

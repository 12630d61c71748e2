"""Text that the database holds sealed: AES-GCM under a key of the environment, opened where it is used.

Whoever has a copy of the database, or says SQL in it, has no second factor of anybody by it (ADR 52). The key is made
from ``PALACE3_IDENTITY_KEY``; while keys are being changed it holds two, the first seals, both open.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

MARK: Final = "sealed:"
NONCE_BYTES: Final = 12
APP_SECRET: Final = b"accounts_user.totp_secret"
"""What the secret of a person's app is bound to."""


def sealed(text: str, *, bound_to: bytes) -> str:
    """Return ``text`` sealed under the first key; as it is where the installation has none."""
    keys = _keys()
    if not keys:
        return text
    nonce = secrets.token_bytes(NONCE_BYTES)
    content = AESGCM(keys[0]).encrypt(nonce, text.encode(), bound_to)
    return MARK + base64.urlsafe_b64encode(nonce + content).decode()


def opened(text: str, *, bound_to: bytes) -> str:
    """Return what was sealed; nothing where no key opens it, so that nothing counts by it.

    What was stored before there was a key stays readable until it is written again.
    """
    if not text.startswith(MARK):
        return text
    try:
        content = base64.urlsafe_b64decode(text[len(MARK) :])
    except ValueError:
        return ""
    for key in _keys():
        try:
            return AESGCM(key).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], bound_to).decode()
        except (InvalidTag, ValueError):
            continue
    return ""


def _keys() -> list[bytes]:
    given = (text.strip() for text in settings.PALACE3_IDENTITY_KEY.split(","))
    return [hmac.digest(text.encode(), b"palace3 second factor", "sha256") for text in given if text]


def keyed_digest(text: str, *, purpose: str) -> str:
    """Return a digest of ``text`` that no copy of the database helps to guess."""
    keys = _keys() or [b"no key"]
    return hmac.new(keys[0], f"{purpose}:{text}".encode(), "sha256").hexdigest()


def is_keyed_digest(digest: str, text: str, *, purpose: str) -> bool:
    """Say whether ``digest`` is of ``text``, under any of the keys."""
    return any(
        hmac.compare_digest(hmac.new(key, f"{purpose}:{text}".encode(), "sha256").hexdigest(), digest)
        for key in _keys() or [b"no key"]
    )

"""Sealing what says who somebody is: AES-GCM under a key of the environment, bound to the row it stands in.

``PALACE3_IDENTITY_KEY`` holds 32 random bytes in base64. While keys are being changed it holds two
with a comma between them: the first seals, both open; ``manage.py rotate_identity_key`` then seals
everything anew under the first (docs/contact-requests.md).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal

_NONCE = 12


class IdentityKeyAbsent(Refusal):
    code = "website.identity_key_absent"
    message = _(
        "This server was started without its identity key, so that nothing that says who somebody is can be "
        "kept or read. Nothing was done. Telephone the operator of the system."
    )
    status = 503


class IdentityUnreadable(Refusal):
    code = "website.identity_unreadable"
    message = _(
        "This entry cannot be opened with the identity key of this server. Telephone the operator of the system."
    )
    status = 503


def _keys() -> list[bytes]:
    try:
        keys = [
            base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==")
            for text in settings.PALACE3_IDENTITY_KEY.split(",")
            if text.strip()
        ]
    except binascii.Error as unreadable:
        raise IdentityKeyAbsent from unreadable
    if not keys or any(len(key) < 32 for key in keys):
        raise IdentityKeyAbsent
    return keys


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"palace3 identity " + purpose, "sha256")


def seal(values: dict[str, Any], *, bound_to: str) -> bytes:
    """Return ``values`` sealed under the first key, to be opened only as ``bound_to``."""
    nonce = secrets.token_bytes(_NONCE)
    text = json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return nonce + AESGCM(_derived(_keys()[0], b"seal")).encrypt(nonce, text, bound_to.encode())


def unseal(sealed: bytes | memoryview, *, bound_to: str) -> dict[str, Any]:
    """Return what was sealed for ``bound_to``; refuses what was altered, moved or sealed under a lost key."""
    content = bytes(sealed)
    for key in _keys():
        try:
            text = AESGCM(_derived(key, b"seal")).decrypt(
                content[:_NONCE], content[_NONCE:], bound_to.encode()
            )
        except InvalidTag:
            continue
        opened: dict[str, Any] = json.loads(text)
        return opened
    raise IdentityUnreadable


def digest_of(kind: str, value: str) -> str:
    """Return the keyed digest by which ``value`` is found again; without the key it says nothing."""
    return hmac.new(_derived(_keys()[0], b"digest"), f"{kind}\n{value}".encode(), hashlib.sha256).hexdigest()

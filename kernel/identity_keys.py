"""The keys under which identities and second factors are sealed: ``PALACE3_IDENTITY_KEY``, 32 random bytes in base64.

While keys are being changed it holds two with a comma between them: the first seals, both open.
"""

from __future__ import annotations

import base64
import hmac
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES: Final = 32


def identity_keys(purpose: str) -> list[bytes]:
    """Return the keys made for ``purpose`` from those of the environment, the first one first; none where none is set.

    Raises ImproperlyConfigured for a key that is not base64 of 32 bytes.
    """
    given = [text.strip() for text in settings.PALACE3_IDENTITY_KEY.split(",") if text.strip()]
    return [hmac.digest(_key(text), f"palace3 identity {purpose}".encode(), "sha256") for text in given]


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/") + "==")
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise ImproperlyConfigured("PALACE3_IDENTITY_KEY: not base64 of 32 random bytes.")
    return key

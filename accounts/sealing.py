"""Text of an account that the database holds sealed, and digests that no copy of it helps to guess (ADR 52).

Whoever has a copy of the database, or says SQL in it, has no second factor of anybody by it.
"""

from __future__ import annotations

import base64
import hmac
from typing import Final

from kernel.identity_keys import identity_keys
from kernel.sealing import seal_under, unseal_under

MARK: Final = "sealed:"
FACTOR: Final = "second factor"
WITHOUT_KEY: Final = (b"no key",)


def sealed(text: str, *, bound_to: str) -> str:
    """Return ``text`` sealed under the first key; as it is where the installation has none."""
    keys = identity_keys(FACTOR)
    if not keys:
        return text
    content = seal_under(keys[0], text.encode(), bound_to=bound_to.encode())
    return MARK + base64.urlsafe_b64encode(content).decode()


def opened(text: str, *, bound_to: str) -> str:
    """Return what was sealed; nothing where no key opens it, so that nothing counts by it.

    What was stored before there was a key stays readable until it is written again.
    """
    if not text.startswith(MARK):
        return text
    try:
        content = base64.urlsafe_b64decode(text[len(MARK) :])
    except ValueError:
        return ""
    clear = unseal_under(identity_keys(FACTOR), content, bound_to=bound_to.encode())
    return (clear or b"").decode()


def keyed_digest(text: str, *, purpose: str) -> str:
    """Return a digest of ``text`` that no copy of the database helps to guess."""
    return _digests(text, purpose)[0]


def is_keyed_digest(digest: str, text: str, *, purpose: str) -> bool:
    """Say whether ``digest`` is of ``text``, under any of the keys."""
    return any(hmac.compare_digest(each, digest) for each in _digests(text, purpose))


def _digests(text: str, purpose: str) -> list[str]:
    keys = identity_keys(FACTOR) or WITHOUT_KEY
    return [hmac.new(key, f"{purpose}:{text}".encode(), "sha256").hexdigest() for key in keys]

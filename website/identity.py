"""Sealing what says who somebody is, bound to the row it stands in, under the identity key (``kernel.identity_keys``).

While keys are being changed, ``manage.py rotate_identity_key`` seals everything anew under the first
(docs/contact-requests.md).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from kernel.identity_keys import identity_keys
from kernel.sealing import seal_under, unseal_under


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


def _keys(purpose: str) -> list[bytes]:
    try:
        keys = identity_keys(purpose)
    except ImproperlyConfigured as unreadable:
        raise IdentityKeyAbsent from unreadable
    if not keys:
        raise IdentityKeyAbsent
    return keys


def seal(values: dict[str, Any], *, bound_to: str) -> bytes:
    """Return ``values`` sealed under the first key, to be opened only as ``bound_to``."""
    text = json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return seal_under(_keys("seal")[0], text, bound_to=bound_to.encode())


def unseal(sealed: bytes | memoryview, *, bound_to: str) -> dict[str, Any]:
    """Return what was sealed for ``bound_to``; refuses what was altered, moved or sealed under a lost key."""
    text = unseal_under(_keys("seal"), bytes(sealed), bound_to=bound_to.encode())
    if text is None:
        raise IdentityUnreadable
    opened: dict[str, Any] = json.loads(text)
    return opened


def digest_of(kind: str, value: str) -> str:
    """Return the keyed digest by which ``value`` is found again; without the key it says nothing."""
    return hmac.new(_keys("digest")[0], f"{kind}\n{value}".encode(), hashlib.sha256).hexdigest()

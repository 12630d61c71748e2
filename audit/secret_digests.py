"""What stands in the trail of a secret that is itself kept out of it: a digest under a key that no database holds.

A model whose trail leaves out columns names in ``NAMED_BY`` what says whose secret it is, and has the column
``secrets_digest``, which is in the trail. Somebody who changes the secret behind the program's back cannot make the
digest that belongs to it. (21 CFR Part 11 11.10(e), 11.200(a)(2); ADR 43)
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from kernel.request_id import NETWORK


def secrets_digest(model: Any, columns: Mapping[str, Any]) -> str | None:
    """Return the digest of the secrets in ``columns``, bound to whose they are; None where no key is set."""
    key: str = settings.PALACE3_TRAIL_KEY
    if not key:
        return None
    named = [str(columns[name]) for name in (*model.NAMED_BY, *model.SECRETS)]
    text = json.dumps([model._meta.db_table, *named], ensure_ascii=False)
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def name_digest(name: str) -> str:
    """Return what is kept of a user name that nobody has: tries of one name are known as such, and the name is not.

    What is typed there by mistake may be a password. Without a key nothing is kept.
    """
    return _kept_as("name", name.casefold())


def with_network(reason: str) -> str:
    """Return the reason of a refusal with what is kept of the network that it came from.

    Tries from one network are known as such, and its address is not kept. Outside a request, and without a key,
    nothing is added.
    """
    whence = NETWORK.get()()
    network = _kept_as("network", whence) if whence else ""
    return " ".join(part for part in (reason, network) if part)


def _kept_as(kind: str, text: str) -> str:
    key: str = settings.PALACE3_TRAIL_KEY
    if not key:
        return ""
    return f"{kind}:{hmac.new(key.encode(), f'{kind} {text}'.encode(), hashlib.sha256).hexdigest()[:16]}"

"""The certificate of the public address, met as a browser meets it."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache

SECONDS: Final = 5
KEPT_SECONDS: Final = 600
KEY: Final = "operations:certificate"


@dataclass(frozen=True)
class MetCertificate:
    """Until when a certificate holds, and by which protocol it was shown."""

    until: datetime
    protocol: str


def meet(host: str, port: int) -> MetCertificate:
    """Return the certificate that the host shows; raise OSError where it cannot be met or is not to be trusted."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((host, port), timeout=SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname=host) as wrapped:
            ends = str((wrapped.getpeercert() or {}).get("notAfter", ""))
            if not ends:
                raise ssl.SSLError("the certificate says no end")
            until = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), tz=UTC)
            return MetCertificate(until, wrapped.version() or "")


def days_left(*, at: datetime) -> int | None:
    """Return for how many days it holds, None where the address is not https; it is met every ten minutes at most."""
    parts = urlsplit(settings.PUBLIC_ADDRESS)
    if parts.scheme != "https" or not parts.hostname:
        return None
    key = f"{KEY}:{parts.netloc}"
    until = cache.get(key)
    if until is None:
        until = meet(parts.hostname, parts.port or 443).until.timestamp()
        cache.set(key, until, KEPT_SECONDS)
    return (datetime.fromtimestamp(until, tz=UTC) - at).days

"""Whence a request comes: the network of its address, as tries are counted and refusals are kept."""

from __future__ import annotations

from ipaddress import ip_network

from django.conf import settings
from django.http import HttpRequest


def network_of(request: HttpRequest) -> str:
    """Return the network that the request comes from: the whole address, of IPv6 the first half.

    Behind our own proxy it is the last address that the proxy wrote; what stands before it is hearsay.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_TLS:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip() or address
    try:
        return str(ip_network((address, 64 if ":" in address else 32), strict=False))
    except ValueError:
        return str(address)

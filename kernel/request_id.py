"""The name of the request at hand, for logs and acts, and whence it came; set by the middleware, by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

# An empty text outside any request.
REQUEST_ID: ContextVar[str] = ContextVar("palace3_request_id", default="")
# Asked only by what keeps it: a refusal.
NETWORK: ContextVar[Callable[[], str]] = ContextVar("palace3_network", default=str)

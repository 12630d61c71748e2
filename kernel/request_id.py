"""The name of the request at hand, for logs and acts; set by the middleware, by nothing else."""

from __future__ import annotations

from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("palace3_request_id", default="")


def current_request_id() -> str:
    """The id of the request at hand, or an empty text outside any."""
    return _request_id.get()


def set_request_id(value: str) -> None:
    """What is logged and recorded from here on in this context bears ``value``."""
    _request_id.set(value)

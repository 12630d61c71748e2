"""Addresses that take files: more than any form sends, and only from who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

TAKES_FILES: Final = "takes_files"


@dataclass(frozen=True)
class TakenFile:
    """A file that was read and is taken: the bytes to keep, under which name, and what they are."""

    data: bytes
    name: str
    media_type: str
    pages: int | None


def takes_files(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a file be sent to the view, outermost of what decorates it."""
    setattr(view, TAKES_FILES, True)
    return view


def most_bytes(request: HttpRequest) -> int:
    """Return how many bytes the address takes."""
    most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if not request.user.is_authenticated:
        return most
    try:
        view: Any = resolve(request.path_info).func
    except Resolver404:
        return most
    return most + settings.ATTACHMENT_MAX_BYTES if getattr(view, TAKES_FILES, False) else most

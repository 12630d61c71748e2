"""A message with a way back: what was just done, where nothing regulated is touched, is taken back by one press.

The way back is an ordinary form of the program: its address and fields travel with the message, and whatever is sent
is judged as if somebody had typed it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

MARK: Final = "undo:"


@dataclass(frozen=True)
class Undo:
    """The address and the fields that take a step back."""

    address: str
    fields: tuple[tuple[str, str], ...]


def tell_with_undo(
    request: HttpRequest, said: str, *, address: str, fields: Iterable[tuple[str, str]]
) -> None:
    """Say that something is done, with the form that takes it back."""
    content = json.dumps([address, list(fields)])
    messages.success(request, said, extra_tags=MARK + content)


def read_undo(message: Message) -> Undo | None:
    """Return the way back that a message carries, if any."""
    tags = message.extra_tags or ""
    if not tags.startswith(MARK):
        return None
    address, fields = json.loads(tags.removeprefix(MARK))
    return Undo(address, tuple((str(name), str(value)) for name, value in fields))

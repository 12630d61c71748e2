"""What tests of data migrations share."""

from __future__ import annotations

from typing import Any


class PlainEditor:
    """What a migration is given, on a plain connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

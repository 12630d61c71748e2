"""Passwords that are in the hands of guessers already: looked up without leaving the machine."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LINE_BYTES: Final = 200  # no line of such a list is longer


class BreachListValidator:
    """Refuses what stands in a list of passwords that were stolen somewhere, and what is one with a little added.

    Django's 20,000 are always looked up, without case, digits and signs around them; what repeats itself is refused.
    With a file in the format of Have I Been Pwned (SHA-1 in capitals, a colon, how often; sorted), the password itself
    is looked up there as well: the file may have billions of lines, of which about thirty are read.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path

    def validate(self, password: str, user: Any = None) -> None:
        if _is_near_a_common_one(password) or (self.path and is_listed(Path(self.path), password)):
            raise ValidationError(
                _("It stands in lists of stolen passwords, or is one with a little added."),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return _("It stands in no list of stolen passwords.")


def is_listed(path: Path, password: str) -> bool:
    """Say whether the sorted list at ``path`` has the SHA-1 of ``password``."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as lines:
        low, high = 0, path.stat().st_size
        while low < high:
            middle = (low + high) // 2
            lines.seek(max(0, middle - 1))
            if middle:
                lines.readline(LINE_BYTES)
            start = lines.tell()
            digest = lines.readline(LINE_BYTES)[:40]
            if digest == wanted:
                return True
            if not digest or digest > wanted or start >= high:
                high = middle
            else:
                low = middle + 1
    return False


def _is_near_a_common_one(password: str) -> bool:
    plain = password.lower()
    if _repeated(plain):
        return True
    shapes = {plain, re.sub(r"[\W\d_]+", "", plain), plain.strip("0123456789!?.,-_*#@$ ")}
    return any(each in _common() for each in shapes if each)


def _repeated(text: str) -> str:
    """Return what ``text`` says again and again; "" where it does not."""
    at = (text + text).find(text, 1)
    return text[:at] if 0 < at < len(text) else ""


@cache
def _common() -> frozenset[str]:
    path = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)

"""Office hours as a site typed them, with the names of the days in the reader's language."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext_lazy as _

DAYS: Final = {
    "Mon": _("Monday"),
    "Tue": _("Tuesday"),
    "Wed": _("Wednesday"),
    "Thu": _("Thursday"),
    "Fri": _("Friday"),
    "Sat": _("Saturday"),
    "Sun": _("Sunday"),
}
_DAY: Final = re.compile(rf"\b({'|'.join(DAYS)})\b")
_SPAN: Final = re.compile(r"\s*[-–]\s*")


def hours_in_words(typed: str) -> str:
    """Return ``Mon-Fri 08:00-17:00`` as ``Monday – Friday 08:00 – 17:00``; what is not a day stays as typed."""
    return _DAY.sub(lambda match: str(DAYS[match.group()]), _SPAN.sub(" – ", typed))

"""A proposed deviation in the reader's language: what is stored is the wording of the program's own source."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

MISSED = re.compile(
    r"Visit (?P<code>\S+): the window of (?P<opens>\S+) to (?P<closes>\S+) passed with nothing"
)


def in_words(detail: str) -> str:
    """Return what a rule found as its reader would say it; what a person wrote stays as it was written."""
    if missed := MISSED.match(detail):
        return (
            _("Visit %(code)s: the window of %(opens)s to %(closes)s passed with nothing recorded.")
            % missed.groupdict()
        )
    return _(detail) if detail else ""

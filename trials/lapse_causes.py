"""Why a decision on eligibility no longer stands: kept in the words of the source, told in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext, gettext_noop

ANSWER_CHANGED: Final = gettext_noop("An answer on the form %(form)s was changed.")
REPLACED: Final = gettext_noop("A new decision took its place.")
VERSION_FOLLOWED: Final = gettext_noop("The site follows version %(version)s of the protocol now.")
# The words under which each was kept before come after those of today.
KEPT_AS: Final[Mapping[str, str]] = {
    ANSWER_CHANGED: ANSWER_CHANGED,
    REPLACED: REPLACED,
    VERSION_FOLLOWED: VERSION_FOLLOWED,
    "replaced by a new decision": REPLACED,
    "the site follows protocol version %(version)s now": VERSION_FOLLOWED,
}
PLACE: Final = re.compile(r"%\\\((\w+)\\\)s")


def told(kept: str) -> str:
    """Return a cause in the language in force; one that is none of ours as it was kept."""
    for words, source in KEPT_AS.items():
        if match := re.fullmatch(PLACE.sub(r"(?P<\1>.+)", re.escape(words)), kept):
            return gettext(source) % match.groupdict() if match.groupdict() else gettext(source)
    return kept

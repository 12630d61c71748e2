"""What the columns of the file of endpoints mean, as the file of columns says it."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.definitions import DEFINITIONS

ABOUT_KEYS: tuple[tuple[str, str | Promise], ...] = (
    ("STUDYID", _("Study")),
    ("SITEID", _("Site that follows the participant: two digits, leading zero included")),
    ("SUBJID", _("Participant")),
    ("RANDDT", _("Day of randomization")),
    ("CUTOFF", _("Day of the data cut")),
    ("ARM", _("Arm, once allocated")),
    ("ITT", _("In the randomized set")),
    ("PP", _("In the per-protocol set")),
    ("SAFETY", _("In the treated set")),
    ("RESECTED", _("In the resected set")),
    ("CCR_SET", _("In the cCR set")),
    ("PP_WHY", _("Why not in the per-protocol set")),
)


def columns_in_words() -> Iterable[dict[str, str]]:
    """Yield what the file of columns says: each column with its endpoint, and whether it nearly tells the arm."""
    for name, about in ABOUT_KEYS:
        yield {"COLUMN": name, "ENDPOINT": "", "SECTION": "", "TELLS_ARM": "", "ABOUT": str(about)}
    for each in DEFINITIONS:
        for name in each.columns:
            yield {
                "COLUMN": name,
                "ENDPOINT": each.code,
                "SECTION": each.section,
                "TELLS_ARM": "Y" if each.tells_arm else "N",
                "ABOUT": str(each.title),
            }

"""The usual reasons for a correction, offered where one is asked for; anybody may type another.

[CFG] The list is a default that the study team confirms, not the protocol's.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

USUAL_REASONS: Final = (
    _("Typing error"),
    _("Source misread"),
    _("Source document corrected"),
    _("Result arrived later"),
    _("Entered in the wrong place"),
    _("Answer to a query"),
)

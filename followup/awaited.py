"""Which milestone or outcome is missing where a state lasts too long, and what waits for it, in words."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from followup.history import text_for
from followup.wording import in_language
from kernel.days import written


def missing_in_words(participant: Any, *, with_visit: bool) -> str:
    """Return which milestone is not known since when, or has no outcome; empty where the state awaits none.

    The participant carries what ``followup.track_limits.with_limit`` adds. The visit that cannot be planned tells the
    arm: it is named ``with_visit`` alone.
    """
    text = text_for(participant)
    awaited = text.track(participant.state).awaits
    if awaited is None:
        return ""
    known_on = participant.awaited_on
    words = {
        "milestone": capfirst(in_language(text.milestone(awaited).name)),
        "day": written(participant.ends_by if known_on is None else known_on),
    }
    if known_on is not None:
        return _("%(milestone)s is known (%(day)s), its outcome is not") % words
    visit = next(
        (
            rule.code
            for rule in text.visits_for(participant.arm)
            if rule.due.anchor == awaited and rule.until_known is None
        ),
        "",
    )
    if with_visit and visit:
        return _("%(milestone)s is not known since %(day)s: %(visit)s cannot be planned") % {
            **words,
            "visit": visit,
        }
    return _("%(milestone)s is not known since %(day)s") % words

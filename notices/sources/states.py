"""States that should have ended: told at the site when their last day has passed, later above it (protocol 2.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.permissions import Role
from followup.awaited import missing_in_words
from followup.history import whole_number
from followup.models import AlertKind
from followup.track_limits import overdue
from kernel.days import written
from notices.alerts import ABOVE_THE_SITE, SITE_TEAM, Alert
from protocol.text import load
from trials.models import Participant, Site

RECIPIENTS = (SITE_TEAM, ABOVE_THE_SITE | {Role.DATA_MANAGER})


def overdue_states(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Participants of the site who are longer in a state than the protocol allows."""
    late = whole_number(load(site.protocol_version), "visit_escalates_days")
    for participant in overdue(Participant.objects.filter(site=site), on=on):
        level = int((on - participant.ends_by).days >= late)
        yield Alert(
            kind=AlertKind.STATE,
            key=f"{participant.pk}:{participant.state}",
            day=participant.ends_by,
            text=_text_of(participant, with_visit=level == 0),
            level=level,
            recipients=RECIPIENTS[level],
            participant=participant,
        )


def _text_of(participant: Any, *, with_visit: bool) -> Callable[[], str]:
    """Return what is missing and which state it ends; above the site without the visit, which tells the arm."""

    def text() -> str:
        said = {"state": participant.get_state_display(), "day": written(participant.ends_by)}
        missing = missing_in_words(participant, with_visit=with_visit)
        if not missing:
            return _("%(state)s, to have ended by %(day)s") % said
        return _("%(missing)s (%(state)s, to have ended by %(day)s)") % {**said, "missing": missing}

    return text

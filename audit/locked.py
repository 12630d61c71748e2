"""Data that are frozen or locked: what the database says of them, as the refusal that people read."""

from __future__ import annotations

import json
from typing import Any, Final

from django.db import DatabaseError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal

LOCKED_STATE: Final = "LK001"
"""The SQLSTATE under which guards refuse what is frozen or locked."""


class DataFrozen(Refusal):
    code = "audit.data_frozen"
    message = _(
        "{what} is frozen: what is on record does not change now, and nothing was saved. Queries can be raised and "
        "answered. If this cannot wait, ask a data manager to unfreeze it and say why. A death or a serious adverse "
        "event is reported to the sponsor at once, on paper if need be."
    )


class DataLocked(Refusal):
    code = "audit.data_locked"
    message = _(
        "{what} is locked, and nothing was saved. If this has to be recorded, ask a data manager to unlock it and say "
        "why. A death or a serious adverse event is reported to the sponsor at once, on paper if need be."
    )


REFUSALS: Final[dict[str, type[Refusal]]] = {"frozen": DataFrozen, "locked": DataLocked}
PLACES: Final[dict[int, Promise]] = {
    1: _("The form of participant {participant}"),
    2: _("The visit of participant {participant}"),
    3: _("Participant {participant}"),
    4: _("Site {site}"),
    5: _("The study"),
}


def refusal_of_lock(lock: dict[str, Any]) -> Refusal:
    """Return what is said where a freeze or a lock, as the database describes it, stands in the way."""
    what = str(PLACES[lock["level"]]).format(participant=lock["participant"], site=lock["site"])
    return REFUSALS[lock["kind"]](what=what)


def refusal_of(error: DatabaseError) -> Refusal | None:
    """Return the refusal that stands behind an error of the database; None for any other error."""
    cause: Any = error.__cause__
    if getattr(cause, "sqlstate", None) != LOCKED_STATE:
        return None
    return refusal_of_lock(json.loads(cause.diag.message_detail))

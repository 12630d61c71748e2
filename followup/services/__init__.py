"""The only writer of visits."""

from followup.services.amending import apply_version, carry_version
from followup.services.feeds import make_feed, revoke_feed
from followup.services.loss import record_lost
from followup.services.notices import write_site_notices
from followup.services.planning import plan_visits_for, preview_plan, preview_version
from followup.services.reminding import remind_site
from followup.services.rolling import roll_site
from followup.services.visits import (
    add_unscheduled_visit,
    mark_not_done,
    propose_day,
    record_contact_attempt,
    record_visit,
)

__all__ = [
    "add_unscheduled_visit",
    "apply_version",
    "carry_version",
    "make_feed",
    "mark_not_done",
    "plan_visits_for",
    "preview_plan",
    "preview_version",
    "propose_day",
    "record_contact_attempt",
    "record_lost",
    "record_visit",
    "remind_site",
    "revoke_feed",
    "roll_site",
    "write_site_notices",
]

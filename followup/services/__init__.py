"""The only writer of visits."""

from followup.services.amending import catch_up, migrate_participants, open_version, uncarried
from followup.services.contacts import cancel_contact_attempt, record_contact_attempt
from followup.services.cuts import announce_data_cut, cancel_data_cut, move_data_cut, plan_data_cuts
from followup.services.feeds import end_feed, make_feed, revoke_feed
from followup.services.loss import (
    cancel_loss,
    cancel_withdrawal,
    correct_withdrawal,
    reach_again,
    record_lost,
    withdraw_participant,
)
from followup.services.planning import plan_visits_for, preview_plan, preview_version, what_follows
from followup.services.rolling import update_visit_states
from followup.services.todos import drop_todos, settle_todos
from followup.services.transferring import confirm_transfer
from followup.services.visits import (
    add_unscheduled_visit,
    count_as_met,
    describe_visit,
    mark_not_done,
    may_have_taken_place,
    propose_day,
    record_visit,
)

__all__ = [
    "add_unscheduled_visit",
    "announce_data_cut",
    "cancel_contact_attempt",
    "cancel_data_cut",
    "cancel_loss",
    "cancel_withdrawal",
    "catch_up",
    "confirm_transfer",
    "correct_withdrawal",
    "count_as_met",
    "describe_visit",
    "drop_todos",
    "end_feed",
    "make_feed",
    "mark_not_done",
    "may_have_taken_place",
    "migrate_participants",
    "move_data_cut",
    "open_version",
    "plan_data_cuts",
    "plan_visits_for",
    "preview_plan",
    "preview_version",
    "propose_day",
    "reach_again",
    "record_contact_attempt",
    "record_lost",
    "record_visit",
    "revoke_feed",
    "settle_todos",
    "uncarried",
    "update_visit_states",
    "what_follows",
    "withdraw_participant",
]

"""The only writer of sites, delegations and participants."""

from trials.services.closing import ask_close_out, confirm_close_out, confirm_copy, end_close_out
from trials.services.confirmations import confirm_values, withdraw_confirmation
from trials.services.copies import ask_copy, ask_living_copy
from trials.services.decisions import decide_eligibility, lapse_decision, live_decision
from trials.services.delegations import confirm_delegation, delegate, end_delegation
from trials.services.endings import (
    cancel_loss,
    cancel_withdrawal,
    correct_withdrawal,
    end_death,
    end_loss,
    end_loss_otherwise,
    open_loss,
    record_withdrawal,
)
from trials.services.milestones import set_milestone
from trials.services.participants import (
    correct_track,
    move_track,
    propose_deviation,
    record_consent,
    record_screening_outcome,
    register_participant,
    reveal_arm,
    settle_deviation,
    why_no_first_consent,
)
from trials.services.practice import record_passed_practice
from trials.services.reconsent import record_consent_refusal
from trials.services.same_person import compare_identities, note_identity, settle_same_person
from trials.services.sites import (
    activate_site,
    add_consent_version,
    change_site,
    create_site,
    fulfil_checklist_item,
    move_site,
)
from trials.services.transfers import (
    accept_transfer,
    confirm_transfer,
    end_transfer,
    propose_transfer,
    take_acceptance_back,
)
from trials.services.versions import (
    follow_version,
    note_carried,
    open_site_version,
    record_version_approval,
)

__all__ = [
    "accept_transfer",
    "activate_site",
    "add_consent_version",
    "ask_close_out",
    "ask_copy",
    "ask_living_copy",
    "cancel_loss",
    "cancel_withdrawal",
    "change_site",
    "compare_identities",
    "confirm_close_out",
    "confirm_copy",
    "confirm_delegation",
    "confirm_transfer",
    "confirm_values",
    "correct_track",
    "correct_withdrawal",
    "create_site",
    "decide_eligibility",
    "delegate",
    "end_close_out",
    "end_death",
    "end_delegation",
    "end_loss",
    "end_loss_otherwise",
    "end_transfer",
    "follow_version",
    "fulfil_checklist_item",
    "lapse_decision",
    "live_decision",
    "move_site",
    "move_track",
    "note_carried",
    "note_identity",
    "open_loss",
    "open_site_version",
    "propose_deviation",
    "propose_transfer",
    "record_consent",
    "record_consent_refusal",
    "record_passed_practice",
    "record_screening_outcome",
    "record_version_approval",
    "record_withdrawal",
    "register_participant",
    "reveal_arm",
    "set_milestone",
    "settle_deviation",
    "settle_same_person",
    "take_acceptance_back",
    "why_no_first_consent",
    "withdraw_confirmation",
]

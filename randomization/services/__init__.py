"""The only writer of schemes, lists, allocations and the errors about them."""

from randomization.services.allocate import complete_allocation, randomize
from randomization.services.closing import ask_to_close, confirm_closing, end_closing, reject_list
from randomization.services.envelopes import (
    EmergencyEnvelope,
    declare_void,
    move_envelope,
    record_opening,
    register_printed,
    settle_void,
    take_opening_back,
    take_void_back,
)
from randomization.services.lists import (
    activate_list,
    ask_for_places,
    ask_for_sites,
    define_scheme,
    look_at_design,
    set_up_scheme,
)
from randomization.services.mistakes import (
    Mistake,
    correct_allocation_error,
    record_allocation_error,
    withdraw_allocation_error,
)

__all__ = [
    "EmergencyEnvelope",
    "Mistake",
    "activate_list",
    "ask_for_places",
    "ask_for_sites",
    "ask_to_close",
    "complete_allocation",
    "confirm_closing",
    "correct_allocation_error",
    "declare_void",
    "define_scheme",
    "end_closing",
    "look_at_design",
    "move_envelope",
    "randomize",
    "record_allocation_error",
    "record_opening",
    "register_printed",
    "reject_list",
    "set_up_scheme",
    "settle_void",
    "take_opening_back",
    "take_void_back",
    "withdraw_allocation_error",
]

"""Sites, the people delegated to them, and participants up to the decision to randomize."""

from trials.models.participants import (
    Consent,
    DeviationProposal,
    EligibilityDecision,
    Milestone,
    Participant,
    ScreeningOutcome,
    Withdrawal,
)
from trials.models.people import Delegation
from trials.models.protocol import Confirmation, SiteVersion
from trials.models.sites import ChecklistItem, ConsentVersion, Site

__all__ = [
    "ChecklistItem",
    "Confirmation",
    "Consent",
    "ConsentVersion",
    "Delegation",
    "DeviationProposal",
    "EligibilityDecision",
    "Milestone",
    "Participant",
    "ScreeningOutcome",
    "Site",
    "SiteVersion",
    "Withdrawal",
]

"""Sites, the people delegated to them, and participants up to the decision to randomize."""

from trials.models.closing import CloseOut, SiteCopy, SiteCopyDownload
from trials.models.laboratory import ReferenceRange
from trials.models.locks import DataLock, LockKind, LockLevel
from trials.models.news import NewsLetter, NewsReader
from trials.models.participants import (
    Consent,
    ConsentRefusal,
    DeviationProposal,
    EligibilityDecision,
    LossToFollowUp,
    Milestone,
    Participant,
    ScreeningOutcome,
    Withdrawal,
)
from trials.models.people import Delegation
from trials.models.protocol import Confirmation, SiteVersion, VersionText
from trials.models.registers import RegisterEntry, RegisterKind
from trials.models.requests import ContactIdentity, ContactRequest, RequestCall, SendingMark
from trials.models.same_person import IdentityDigest, SamePersonOutcome, SamePersonQuestion
from trials.models.site_documents import SiteDocument
from trials.models.sites import ChecklistItem, ConsentVersion, Site
from trials.models.texts import PageConfirmation, PublicText
from trials.models.transfers import Transfer

__all__ = [
    "ChecklistItem",
    "CloseOut",
    "Confirmation",
    "Consent",
    "ConsentRefusal",
    "ConsentVersion",
    "ContactIdentity",
    "ContactRequest",
    "DataLock",
    "Delegation",
    "DeviationProposal",
    "EligibilityDecision",
    "IdentityDigest",
    "LockKind",
    "LockLevel",
    "LossToFollowUp",
    "Milestone",
    "NewsLetter",
    "NewsReader",
    "PageConfirmation",
    "Participant",
    "PublicText",
    "ReferenceRange",
    "RegisterEntry",
    "RegisterKind",
    "RequestCall",
    "SamePersonOutcome",
    "SamePersonQuestion",
    "ScreeningOutcome",
    "SendingMark",
    "Site",
    "SiteCopy",
    "SiteCopyDownload",
    "SiteDocument",
    "SiteVersion",
    "Transfer",
    "VersionText",
    "Withdrawal",
]

"""The tables of the forms, and of what surrounds them: queries, prompts, signatures, drafts."""

from __future__ import annotations

from crf import catalogue
from crf.engine.base import Record, RecordState
from crf.models.attachments import (
    TELLS_NO_ARM,
    Attachment,
    AttachmentContent,
    AttachmentEnding,
    AttachmentKind,
    AttachmentUpload,
    MediaType,
)
from crf.models.central_review import ReviewerAnswer
from crf.models.check_marks import CheckMark, MarkKind
from crf.models.coding import (
    CodedBy,
    Coding,
    CodingDictionary,
    CodingSynonym,
    DictionaryInUse,
    DictionaryRelease,
    GradeText,
    ReleasedTerm,
)
from crf.models.comments import AnswerComment
from crf.models.counts import CellCount, MonthCount
from crf.models.deviations import DeviationDecision, Exclusion, Importance
from crf.models.differences import DerivedDifference, DifferenceKind
from crf.models.expected import UNFILLED, ExpectedForm, FilledBy, NothingNew
from crf.models.findings import ListedFinding
from crf.models.listings import ListingFile, RowReview, SavedListing
from crf.models.queries import MessageKind, Query, QueryMessage, QuerySetOfQueries, QueryState, Resolution
from crf.models.records import (
    ChangeReason,
    EntryPrompt,
    HardOverride,
    QuestionnaireText,
    RecordSignature,
    SignedAs,
)
from crf.models.safety import (
    CausalityCode,
    ClockName,
    Expectedness,
    QuerySetOfClocks,
    SafetyClock,
    SponsorAssessment,
)
from crf.models.verification import FieldVerification, RecordVerification, VerificationPlan
from crf.models.working_copies import Draft, SaveKey, WorkingCopy, WorkingNote

FORM_MODELS = catalogue.models()

__all__ = (
    "FORM_MODELS",
    "TELLS_NO_ARM",
    "UNFILLED",
    "AnswerComment",
    "Attachment",
    "AttachmentContent",
    "AttachmentEnding",
    "AttachmentKind",
    "AttachmentUpload",
    "CausalityCode",
    "CellCount",
    "ChangeReason",
    "CheckMark",
    "ClockName",
    "CodedBy",
    "Coding",
    "CodingDictionary",
    "CodingSynonym",
    "DerivedDifference",
    "DeviationDecision",
    "DictionaryInUse",
    "DictionaryRelease",
    "DifferenceKind",
    "Draft",
    "EntryPrompt",
    "Exclusion",
    "ExpectedForm",
    "Expectedness",
    "FieldVerification",
    "FilledBy",
    "GradeText",
    "HardOverride",
    "Importance",
    "ListedFinding",
    "ListingFile",
    "MarkKind",
    "MediaType",
    "MessageKind",
    "MonthCount",
    "NothingNew",
    "Query",
    "QueryMessage",
    "QuerySetOfClocks",
    "QuerySetOfQueries",
    "QueryState",
    "QuestionnaireText",
    "Record",
    "RecordSignature",
    "RecordState",
    "RecordVerification",
    "ReleasedTerm",
    "Resolution",
    "ReviewerAnswer",
    "RowReview",
    "SafetyClock",
    "SaveKey",
    "SavedListing",
    "SignedAs",
    "SponsorAssessment",
    "VerificationPlan",
    "WorkingCopy",
    "WorkingNote",
)

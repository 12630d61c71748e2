"""The one list of tables that leave beside the forms: what each holds, what its rows are made of, when it leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from audit.models import Act
from crf.models import (
    AnswerComment,
    Coding,
    DeviationDecision,
    FieldVerification,
    ListedFinding,
    NothingNew,
    Query,
    QueryMessage,
    Record,
    RecordSignature,
    ReviewerAnswer,
    SafetyClock,
    SponsorAssessment,
)
from exports.cuts import Cut
from exports.listed import conduct, into_trial, oversight, participants, safety, system, trail, trial
from exports.listed.central_review import central_review_file
from exports.listed.coding import coding_file
from exports.models import Export, ExportDownload
from exports.tables import File, Origin, Part
from followup.models import ContactAttempt, Escalation, Reminder, Visit
from randomization.models import Allocation, AllocationError
from trials.models import (
    ChecklistItem,
    Confirmation,
    Consent,
    ConsentRefusal,
    ConsentVersion,
    DataLock,
    Delegation,
    DeviationProposal,
    EligibilityDecision,
    LossToFollowUp,
    Milestone,
    Participant,
    ScreeningOutcome,
    Site,
    SiteVersion,
    Transfer,
    Withdrawal,
)


@dataclass(frozen=True)
class ListedTable:
    """One table beside the forms: how it is made as of a cut, and what it may tell.

    ``origin`` says what makes a row the same row in two cuts. One that is left out ``when_masked`` tells the arm by
    what it is about, whatever its columns are. One ``on_request`` leaves only where it is named: it is large, or
    about the system and not about participants.
    """

    name: str
    title: str | Promise
    make: Callable[[Cut], File]
    origin: Origin
    when_masked: bool = True
    on_request: bool = False


_PARTICIPANT: Final = Part("p", Participant)
_RECORD: Final = Part("r", Record)


def _own(alias: str, model: type[models.Model], *others: Part) -> Origin:
    return Origin(f"{alias}.id", (Part(alias, model), *others))


_BY_ANSWER: Final = Origin(
    "c.answer || c.id",
    (
        Part("c", Consent, "CASE c.answer WHEN 'signed' THEN c.id END"),
        Part("c", ConsentRefusal, "CASE c.answer WHEN 'refused' THEN c.id END"),
    ),
)

TABLES: Final[tuple[ListedTable, ...]] = (
    ListedTable(
        "PARTICIPANTS",
        _("Participants"),
        participants.participants_file,
        _own("p", Participant, Part("al", Allocation), Part("em", AllocationError)),
    ),
    ListedTable(
        "MILESTONES",
        _("Milestones"),
        participants.milestones_file,
        _own("m", Milestone, _RECORD),
        when_masked=False,
    ),
    ListedTable("VISITS", _("Visits"), participants.visits_file, _own("v", Visit, _PARTICIPANT)),
    ListedTable(
        "PROTOCOL_VERSIONS",
        _("Versions of the protocol that participants followed"),
        participants.versions_file,
        Origin("h.pgh_id", (Part("h", Participant, "h.id"),)),
    ),
    ListedTable("CONSENTS", _("Consents"), participants.consents_file, _BY_ANSWER),
    ListedTable("TRANSFERS", _("Transfers between sites"), participants.transfers_file, _own("x", Transfer)),
    ListedTable(
        "SCREENING",
        _("Screening log"),
        into_trial.screening_file,
        _own(
            "p",
            Participant,
            Part("o", ScreeningOutcome),
            Part("d", EligibilityDecision),
            Part("al", Allocation),
        ),
    ),
    ListedTable(
        "ELIGIBILITY_DECISIONS",
        _("Decisions on eligibility"),
        into_trial.decisions_file,
        _own("d", EligibilityDecision),
    ),
    ListedTable(
        "ELIGIBILITY_EVIDENCE",
        _("Evidence of the decisions on eligibility"),
        into_trial.evidence_file,
        Origin("d.id || '-' || d.place", (Part("d", EligibilityDecision),)),
    ),
    ListedTable(
        "ALLOCATIONS",
        _("Allocations"),
        into_trial.allocations_file,
        _own("al", Allocation, Part("em", AllocationError)),
    ),
    ListedTable(
        "ALLOCATION_ERRORS",
        _("Errors of randomization"),
        into_trial.allocation_errors_file,
        _own("em", AllocationError),
        when_masked=False,
    ),
    ListedTable("WITHDRAWALS", _("Withdrawals"), conduct.withdrawals_file, _own("w", Withdrawal)),
    ListedTable("LOSSES", _("Losses to follow-up"), conduct.losses_file, _own("x", LossToFollowUp)),
    ListedTable(
        "CONTACTS", _("Attempts to reach participants"), conduct.contacts_file, _own("c", ContactAttempt)
    ),
    ListedTable(
        "NOTHING_NEW",
        _("Logs with nothing new"),
        conduct.nothing_new_file,
        _own("x", NothingNew),
        when_masked=False,
    ),
    ListedTable(
        "DEVIATION_PROPOSALS",
        _("Proposed deviations"),
        conduct.deviations_file,
        _own("d", DeviationProposal),
        when_masked=False,
    ),
    ListedTable(
        "DEVIATION_DECISIONS",
        _("Decisions on deviations"),
        conduct.deviation_decisions_file,
        _own("x", DeviationDecision),
    ),
    ListedTable("QUERIES", _("Queries"), conduct.queries_file, _own("q", Query), when_masked=False),
    ListedTable(
        "QUERY_MESSAGES",
        _("Threads of queries"),
        conduct.messages_file,
        _own("x", QueryMessage),
        when_masked=False,
    ),
    ListedTable(
        "LISTED_FINDINGS",
        _("Findings of listings"),
        conduct.findings_file,
        _own("f", ListedFinding),
        when_masked=False,
    ),
    ListedTable(
        "COMMENTS",
        _("Comments on answers"),
        conduct.comments_file,
        _own("c", AnswerComment),
        when_masked=False,
    ),
    ListedTable(
        "CODING", _("Coded words"), coding_file, Origin("w.id || w.variable", (Part("c", Coding), _RECORD))
    ),
    ListedTable(
        "ADJUDICATION",
        _("Central reviews"),
        central_review_file,
        Origin("w.id || w.variable", (Part("w", ReviewerAnswer),)),
        when_masked=False,
    ),
    ListedTable(
        "RECORD_SIGNATURES",
        _("Signatures under records"),
        oversight.record_signatures_file,
        _own("x", RecordSignature),
        when_masked=False,
    ),
    ListedTable(
        "SIGNATURES",
        _("Signatures"),
        oversight.signatures_file,
        _own("g", Signature),
        when_masked=False,
    ),
    ListedTable(
        "VERIFICATIONS",
        _("Verification against source"),
        oversight.verifications_file,
        _own("x", FieldVerification),
        when_masked=False,
    ),
    ListedTable(
        "DATA_LOCKS", _("Freezes and locks"), oversight.locks_file, _own("x", DataLock), when_masked=False
    ),
    ListedTable(
        "SAFETY_CLOCKS",
        _("Clocks of safety reporting"),
        safety.clocks_file,
        _own("c", SafetyClock),
        when_masked=False,
    ),
    ListedTable(
        "SPONSOR_ASSESSMENTS",
        _("Assessments of serious events by the sponsor"),
        safety.assessments_file,
        _own("x", SponsorAssessment),
        when_masked=False,
    ),
    ListedTable("REMINDERS", _("Reminders"), safety.reminders_file, _own("x", Reminder), when_masked=False),
    ListedTable(
        "ESCALATIONS", _("Escalations"), safety.escalations_file, _own("x", Escalation), when_masked=False
    ),
    ListedTable("SITES", _("Sites"), trial.sites_file, _own("s", Site)),
    ListedTable("SITE_CHECKLIST", _("Checklists of sites"), trial.checklist_file, _own("x", ChecklistItem)),
    ListedTable(
        "SITE_VERSIONS",
        _("Versions of the protocol at sites"),
        trial.site_versions_file,
        _own("x", SiteVersion),
    ),
    ListedTable(
        "CONSENT_TEXTS", _("Consent texts of sites"), trial.consent_texts_file, _own("x", ConsentVersion)
    ),
    ListedTable("DELEGATIONS", _("Delegations"), trial.delegations_file, _own("x", Delegation)),
    ListedTable(
        "PROTOCOL_CONFIRMATIONS",
        _("Confirmed values of the protocol"),
        trial.confirmations_file,
        _own("x", Confirmation),
    ),
    ListedTable(
        "EXPORTS",
        _("Exports taken"),
        system.exports_file,
        _own("x", Export),
        when_masked=False,
        on_request=True,
    ),
    ListedTable(
        "EXPORT_DOWNLOADS",
        _("Downloads of exports"),
        system.downloads_file,
        _own("d", ExportDownload, Part("x", Export)),
        when_masked=False,
        on_request=True,
    ),
    ListedTable(
        "ACCOUNTS",
        _("Accounts by date"),
        system.accounts_file,
        Origin("h.pgh_id", (Part("h", User, "h.id"),)),
        when_masked=False,
        on_request=True,
    ),
    ListedTable(
        "LIFE_CYCLE",
        _("Life cycle of the system"),
        system.life_cycle_file,
        Origin("x.id", (Part("a", Act),)),
        when_masked=False,
        on_request=True,
    ),
    ListedTable(
        "ACTS",
        _("Audit trail: acts"),
        trail.acts_file,
        Origin("a.id", (Part("a", Act),)),
        when_masked=False,
        on_request=True,
    ),
    ListedTable(
        "AUDIT_TRAIL",
        _("Audit trail: changes of answers"),
        trail.audit_trail_file,
        Origin("x.file || x.version || x.variable", (_RECORD,)),
        when_masked=False,
        on_request=True,
    ),
)
BY_NAME: Final = {table.name: table for table in TABLES}
USUAL: Final = tuple(table.name for table in TABLES if not table.on_request)


def listed_files(cut: Cut, names: Collection[str] = USUAL) -> Iterator[File]:
    """Yield the tables with these names, in the order of the list."""
    for table in TABLES:
        if table.name in names:
            yield table.make(cut)

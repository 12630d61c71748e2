"""The eligibility decision rests on answers: when these change, it lapses by itself (architecture 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from crf.eligibility import evidence
from crf.recheck import recheck_participant
from crf.store.context import FormContext
from crf.store.records import RecordKey
from trials.lapse_causes import ANSWER_CHANGED
from trials.models import EligibilityDecision
from trials.services import decide_eligibility, lapse_decision
from trials.services.decisions import EvidenceMoved

DECISION_READS = ("participant.eligibility_signed_on", "participant.criteria_answered")


@dataclass(frozen=True)
class EvidenceSnapshot:
    """The evidence behind a decision in force, as it was before a save."""

    record_key: RecordKey
    digest: str

    @classmethod
    def take(cls, record_key: RecordKey, form_context: FormContext) -> EvidenceSnapshot:
        """Note the evidence before the answers are written, as the save has read it."""
        return cls(record_key, _digest(record_key, form_context))

    def lapse_if_changed(self, *, by: User | None, at: datetime) -> bool:
        """The decision has lapsed if the evidence behind it is no longer the same; say whether it did."""
        if _digest(self.record_key) == self.digest:
            return False
        participant = self.record_key.participant
        form = {"form": self.record_key.form.code}
        if not lapse_decision(participant=participant, cause=ANSWER_CHANGED, values=form, by=by, at=at):
            return False
        recheck_participant(participant=participant, changed=set(DECISION_READS), by=by, at=at)
        return True


def _digest(record_key: RecordKey, form_context: FormContext | None = None) -> str:
    """Return the digest of the evidence; after randomization a form that is opened again decides nothing."""
    seen = evidence.current_evidence(record_key.participant, form_context=form_context)
    return seen.answers_digest if record_key.participant.arm else seen.digest


def decide(
    *,
    shown: evidence.Evidence,
    seen_digest: str,
    eligible: bool,
    answers: Mapping[str, str],
    note: str,
    password: str,
    by: User,
    at: datetime,
) -> EligibilityDecision:
    """The investigator has signed what the evidence shows, and the eligibility form says since when.

    ``answers`` are the investigator's own, a reason by the code of each criterion on which the history is
    silent; they are signed and frozen with the evidence (protocol 3.1, 3.3).

    Refuses: as ``trials.services.decide_eligibility`` does. Locks: the participant.
    """
    if shown.digest != seen_digest:
        raise EvidenceMoved(participant=shown.participant.number)
    answered = shown.answered(answers)
    decision = decide_eligibility(
        participant=shown.participant,
        eligible=eligible,
        evidence=answered.as_json(),
        digest=answered.digest,
        seen_digest=answered.digest,
        password=password,
        note=note,
        by=by,
        at=at,
    )
    recheck_participant(participant=shown.participant, changed=set(DECISION_READS), by=by, at=at)
    return decision

"""The eligibility decision rests on answers: when these change, it lapses by itself (architecture 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from crf.eligibility import evidence
from crf.recheck import recheck
from crf.store.context import FormContext
from crf.store.records import RecordKey
from trials.models import EligibilityDecision
from trials.services import decide_eligibility, lapse_decision


@dataclass(frozen=True)
class EvidenceSnapshot:
    """The evidence behind a decision in force, as it was before a save."""

    record_key: RecordKey
    digest: str

    @classmethod
    def take(cls, record_key: RecordKey) -> EvidenceSnapshot:
        """Note the evidence before the answers are written."""
        return cls(record_key, evidence.current_evidence(record_key.participant).digest)

    def lapse_if_changed(self, *, by: User | None, at: datetime) -> bool:
        """The decision has lapsed if the evidence behind it is no longer the same; say whether it did."""
        if evidence.current_evidence(self.record_key.participant).digest == self.digest:
            return False
        cause = _("An answer on the form {form} was changed.").format(form=self.record_key.form.code)
        return lapse_decision(participant=self.record_key.participant, cause=cause, by=by, at=at)


def decide(
    *,
    shown: evidence.Evidence,
    seen_digest: str,
    eligible: bool,
    note: str,
    password: str,
    by: User,
    at: datetime,
) -> EligibilityDecision:
    """The investigator has signed what the evidence shows, and the eligibility form says since when.

    Refuses: as ``trials.services.decide_eligibility`` does. Locks: the participant.
    """
    decision = decide_eligibility(
        participant=shown.participant,
        eligible=eligible,
        evidence=shown.as_json(),
        digest=shown.digest,
        seen_digest=seen_digest,
        password=password,
        note=note,
        by=by,
        at=at,
    )
    form_context = FormContext(shown.participant, at=at)
    recheck(
        record_key=None,
        changed={"participant.eligibility_signed_on"},
        form_context=form_context,
        by=by,
        at=at,
    )
    return decision

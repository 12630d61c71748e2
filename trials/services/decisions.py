"""The investigator's decision on eligibility, and its lapse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import note_moved, open_act
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed
from trials import lapse_causes
from trials.models import EligibilityDecision, Participant
from trials.models.participants import Track
from trials.models.sites import TAKES_NOBODY_IN
from trials.services.participants import propose_deviation, valid_consent

LAPSED_AFTER_RANDOMIZATION = "X007"


SIGNED_ON = "participant.eligibility_signed_on"


class NotAnInvestigator(Forbidden):
    code = "trials.not_an_investigator"
    message = _("Only an investigator delegated at site {site} decides on eligibility.")


class ConsentBeforeDecision(Refusal):
    code = "trials.consent_before_decision"
    message = _("Participant {participant} has no consent on record. Record the consent first.")


class NoDecisionOutsideScreening(Refusal):
    code = "trials.no_decision_outside_screening"
    message = _("Participant {participant} is no longer in screening: {state}. A decision is not taken now.")


class SiteTakesNobodyIn(Refusal):
    code = "trials.site_takes_nobody_in"
    message = _(
        "Site {site} is {state} and takes nobody in any more: participant {participant} cannot be approved. Judge them "
        "not eligible, or record the screen failure."
    )


class EvidenceIncomplete(Refusal):
    code = "trials.evidence_incomplete"
    message = _(
        "Eligibility of participant {participant} cannot be decided yet. Still without an answer: {missing}. "
        "Complete the screening forms first."
    )


class EvidenceAgainst(Refusal):
    code = "trials.evidence_against"
    message = _(
        "Participant {participant} cannot be approved: {criteria} not met. Correct the answer if it is wrong, "
        "or record a screen failure."
    )


class EvidenceMoved(Refusal):
    code = "trials.evidence_moved"
    message = _(
        "An answer changed while you were reading. Read the evidence of participant {participant} again, then sign."
    )


class SiteFollowsAnotherVersion(Refusal):
    code = "trials.site_follows_another_version"
    message = _(
        "Site {site} follows version {version} of the protocol now, and the criteria on this page were those of "
        "version {seen}. Read the criteria of participant {participant} again, then decide."
    )


def live_decision(participant: Participant) -> EligibilityDecision | None:
    """Return the decision in force, or None."""
    return EligibilityDecision.objects.filter(participant=participant, lapsed_at=None).first()


class FrozenCriterion(TypedDict):
    """One criterion as a decision keeps it: met, not met or open, why, what was read, and what was answered by name."""

    code: str
    met: bool | None
    reason: str
    evidence: list[list[Any]]
    answer: str


class FrozenEvidence(TypedDict):
    """What a decision on eligibility keeps: verdict, criteria, and the version of each record that was read."""

    verdict: bool | None
    criteria: list[FrozenCriterion]
    records: dict[str, dict[str, Any]]


def decide_eligibility(
    *,
    participant: Participant,
    eligible: bool,
    evidence: FrozenEvidence,
    digest: str,
    seen_digest: str,
    password: str,
    note: str = "",
    by: User,
    at: datetime,
) -> EligibilityDecision:
    """An investigator has signed what the evidence shows; an earlier live decision has lapsed.

    ``evidence`` is as now, ``seen_digest`` as on the page that was signed. Order: consent, answers,
    decision (protocol 3.1; ICH E6(R3) 3.16.1(k)).

    Refuses: answers that changed since they were read; a participant who is behind the site's version; approval at a
    site that takes nobody in any more; a password that does not match. Locks: the participant.
    """
    with open_act("trials:eligibility:decide", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        _refuse_unless_ready(locked, by=by, evidence=evidence, eligible=eligible, at=at)
        if digest != seen_digest:
            raise EvidenceMoved(participant=locked.number)
        _lapse(locked, cause=lapse_causes.REPLACED, act_row=act, at=at)
        signature = sign(
            record=f"eligibility {locked.number}",
            digest=digest,
            meaning=_("Approved as eligible") if eligible else _("Judged not eligible"),
            by=by,
            password=password,
            at=at,
            site=locked.site,
        )
        note_moved(locked.pk, SIGNED_ON)
        return EligibilityDecision.objects.create(
            participant=locked,
            site=locked.site,
            eligible=eligible,
            evidence=evidence,
            digest=digest,
            signature=signature,
            decided_at=at,
            note=note,
            act=act,
        )


def _refuse_unless_ready(
    participant: Participant, *, by: User, evidence: FrozenEvidence, eligible: bool, at: datetime
) -> None:
    if not by.may(Permission.ELIGIBILITY_DECIDE, participant.site_id):
        raise NotAnInvestigator(site=participant.site.code)
    if participant.state != Track.SCREENED:
        raise NoDecisionOutsideScreening(
            participant=participant.number, state=participant.get_state_display()
        )
    if participant.is_behind:
        raise version_moved(participant)
    if valid_consent(participant) is None:
        raise ConsentBeforeDecision(participant=participant.number)
    if not eligible:
        return
    if participant.site.state in TAKES_NOBODY_IN:
        raise SiteTakesNobodyIn(
            site=participant.site.code,
            state=participant.site.get_state_display().lower(),
            participant=participant.number,
        )
    unknown = [c["code"] for c in evidence["criteria"] if c["met"] is None]
    failed = [c["code"] for c in evidence["criteria"] if c["met"] is False]
    if failed:
        raise EvidenceAgainst(participant=participant.number, criteria=listed(failed))
    if unknown:
        raise EvidenceIncomplete(participant=participant.number, missing=listed(unknown))


def version_moved(participant: Participant) -> SiteFollowsAnotherVersion:
    """Return the refusal to decide by a version that the participant's site has left."""
    return SiteFollowsAnotherVersion(
        participant=participant.number,
        site=participant.site.code,
        version=participant.site.protocol_version,
        seen=participant.protocol_version,
    )


def lapse_decision(
    *, participant: Participant, cause: str, values: Mapping[str, str], by: User | None, at: datetime
) -> bool:
    """The decision no longer stands because what it rests on changed; say whether there was one.

    ``cause`` is a text of ``trials.lapse_causes`` with places for ``values``. After randomization nothing lapses: a
    deviation is proposed and the allocation stays (architecture 7).
    """
    if live_decision(participant) is None:
        return False
    with open_act("trials:eligibility:lapse", by=by, at=at, participant=participant) as act:
        if participant.arm:
            propose_deviation(
                participant=participant,
                rule=LAPSED_AFTER_RANDOMIZATION,
                key=f"evidence-{act.pk}",
                detail=cause,
                values=values,
                by=by,
                at=at,
            )
            return False
        return _lapse(participant, cause=cause % values, act_row=act, at=at)


def _lapse(participant: Participant, *, cause: str, act_row: Any, at: datetime) -> bool:
    note_moved(participant.pk, SIGNED_ON)
    return bool(
        EligibilityDecision.objects.filter(participant=participant, lapsed_at=None).update(
            lapsed_at=at, lapse_cause=cause, act=act_row
        )
    )

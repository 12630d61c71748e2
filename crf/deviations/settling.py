"""What a rule proposed is confirmed, which puts it on the log of deviations, or dismissed (protocol 3.15)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.engine.answers import AnswerRow
from crf.engine.submission import Answers
from crf.models import Record
from crf.queries.sparing import words_tell_arm
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from kernel.errors import Forbidden, Refusal
from protocol.deviations import category_of, names_an_arm
from trials import services as trials
from trials.models import DeviationProposal, Participant
from trials.models.participants import DeviationState
from trials.services.participants import DeviationSettled

LOG: Final = "DV"
LONGEST_RULE: Final = 240
LONGEST_TERM: Final = 1000


class NotForDeviations(Forbidden):
    code = "crf.not_for_deviations"
    message = _(
        "Your role does not include deviations at site {site}. Ask the coordinator or the monitor of the site."
    )


class NotOnTheLog(Refusal):
    code = "crf.not_on_the_log"
    fields = ("deviation",)
    message = _(
        "Deviation {number} is not on the log of participant {participant}. Choose another, or a new one."
    )
    status = 422


def settle_proposal(
    *,
    proposal: DeviationProposal,
    confirmed: bool,
    deviation: int = NEW,
    reason: str,
    by: User,
    at: datetime,
) -> DeviationProposal:
    """A person has said whether the proposal is a deviation, and why; see the two services below."""
    told: Any = {"proposal": proposal, "reason": reason, "by": by, "at": at}
    return confirm_deviation(deviation=deviation, **told) if confirmed else dismiss_deviation(**told)


def confirm_deviation(
    *, proposal: DeviationProposal, deviation: int = NEW, reason: str, by: User, at: datetime
) -> DeviationProposal:
    """The proposal is a deviation: it stands on the log, as a new record that somebody completes, or as ``deviation``.

    Refuses: who does not record deviations; one that is settled; a number that is not on the log.
    Locks: the participant, then the proposal.
    """
    with open_act("crf:deviation:confirm", by=by, at=at, participant=proposal.participant, reason=reason):
        _refuse_who_may_not(proposal, by)
        participant = Participant.objects.lock(proposal.participant_id)
        locked = DeviationProposal.objects.select_for_update().get(pk=proposal.pk)
        if locked.state != DeviationState.PROPOSED:
            raise DeviationSettled(state=locked.get_state_display())
        if deviation == NEW:
            deviation = _recorded(locked, participant, by=by, at=at)
        elif not _log_of(participant).filter(sequence=deviation).exists():
            raise NotOnTheLog(number=deviation, participant=participant.number)
        return trials.settle_deviation(proposal=locked, deviation_no=deviation, reason=reason, by=by, at=at)


def dismiss_deviation(
    *, proposal: DeviationProposal, reason: str, by: User, at: datetime
) -> DeviationProposal:
    """The proposal is no deviation; the reason stands in the act.

    Refuses: who does not record deviations; one that is settled. Locks: the proposal.
    """
    _refuse_who_may_not(proposal, by)
    return trials.settle_deviation(proposal=proposal, deviation_no=None, reason=reason, by=by, at=at)


def _refuse_who_may_not(proposal: DeviationProposal, by: User) -> None:
    if not by.may(Permission.DEVIATION_RECORD, proposal.site_id):
        raise NotForDeviations(site=proposal.participant.site.code)


def _log_of(participant: Participant) -> QuerySet[Record]:
    return Record.objects.filter(participant=participant, form_code=LOG)


def _recorded(proposal: DeviationProposal, participant: Participant, *, by: User, at: datetime) -> int:
    """Return the number of the new record, which says what the rule knew."""
    saved = save_answers(
        record_key=record_key_of(participant=participant, form=LOG, sequence=NEW),
        answers=Answers(values_of_proposal(proposal)),
        version=NEW,
        by=by,
        at=at,
    )
    return saved.record_key.sequence


def values_of_proposal(proposal: DeviationProposal) -> AnswerRow:
    """Return what a rule knew of a deviation, as answers; words that tell the arm are left for a person to say."""
    spared = words_tell_arm(proposal.detail) or names_an_arm(proposal.said)
    return {
        "dv_src": "rule",
        "dv_rule": f"{proposal.rule} {proposal.key}"[:LONGEST_RULE],
        "dv_found": proposal.found_on,
        "dv_cat": category_of(proposal.rule),
        "dv_term": None if spared else proposal.said[:LONGEST_TERM],
    }

"""How important a deviation is, and what it does to the per-protocol set: decided centrally (decision D6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.deviations.settling import LOG
from crf.engine.base import COMPLETED, RecordState
from crf.models import DeviationDecision
from crf.recheck import recheck
from crf.store.context import FormContext
from crf.store.records import find_stored_record, form_named, record_key_of
from kernel.errors import Forbidden, Refusal
from trials.models import Participant


class NotTheDecider(Forbidden):
    code = "crf.not_the_decider"
    message = _("The importance of a deviation is decided centrally. Your role does not include it.")


class NotTheStatistician(Forbidden):
    code = "crf.not_the_statistician"
    message = _(
        "The statistician decides which deviations exclude from the per-protocol set. Leave it empty."
    )


class DeviationIncomplete(Refusal):
    code = "crf.deviation_incomplete"
    message = _(
        "Deviation {number} of participant {participant} is not complete yet. Decide once its record is complete."
    )


class DeviationLocked(Refusal):
    code = "crf.deviation_locked"
    message = _(
        "Deviation {number} of participant {participant} is locked, and what was decided of it stands. It is decided "
        "anew only after the record is unlocked."
    )


class NothingDecided(Refusal):
    code = "crf.nothing_decided"
    fields = ("importance",)
    message = _("Nothing was decided that does not stand already. Choose what is to be decided.")
    status = 422


class WhyDecidedSo(Refusal):
    code = "crf.why_decided_so"
    fields = ("reason",)
    message = _("You decide otherwise than the rule proposes, or than was decided before. Say why.")
    status = 422


@dataclass(frozen=True)
class DeviationJudgement:
    """What somebody decides of a deviation; empty is what they leave as it is."""

    importance: str = ""
    excludes_pp: str = ""


def decide_deviation(
    *,
    participant: Participant,
    number: int,
    judged: DeviationJudgement,
    reason: str = "",
    by: User,
    at: datetime,
) -> DeviationDecision:
    """What is decided of the deviation is on record, and its record, exports and queries follow (protocol 3.15).

    An earlier decision stays on record.

    Refuses: who does not decide; the per-protocol set by anybody but the statistician; a record that is not complete,
    or locked; nothing new; a departure from the proposal or from an earlier decision without a reason.
    Locks: the participant, then the record.
    """
    with open_act("crf:deviation:decide", by=by, at=at, participant=participant, reason=reason) as act:
        _refuse_who_may_not(participant, judged, by)
        locked = Participant.objects.lock(participant.pk)
        record = _record_to_decide(locked, number)
        before = latest_decision(locked, number)
        told = _with_before(judged, before)
        if before is not None and told == _with_before(DeviationJudgement(), before):
            raise NothingDecided
        if not reason.strip() and _departs(record, told, before):
            raise WhyDecidedSo
        decision = DeviationDecision.objects.create(
            participant=locked,
            site_id=locked.site_id,
            record_id=record.pk,
            deviation_no=number,
            importance=told.importance,
            excludes_pp=told.excludes_pp,
            reason=reason,
            decided_at=at,
            act=act,
        )
        recheck(
            record_key=None,
            changed={"central.decisions"},
            form_context=FormContext(locked, at=at),
            by=by,
            at=at,
        )
    return decision


def latest_decision(participant: Participant, number: int) -> DeviationDecision | None:
    """Return what was decided last of the deviation with this number."""
    decisions = DeviationDecision.objects.filter(participant=participant, deviation_no=number)
    return decisions.order_by("decided_at", "pk").last()


def _refuse_who_may_not(participant: Participant, judged: DeviationJudgement, by: User) -> None:
    site = participant.site_id
    if not by.may(Permission.DEVIATION_JUDGE, site):
        raise NotTheDecider
    if judged.excludes_pp and not by.may(Permission.ANALYSIS_SET_DECIDE, site):
        raise NotTheStatistician
    if not judged.importance and not judged.excludes_pp:
        raise NothingDecided


def _record_to_decide(participant: Participant, number: int) -> Any:
    """Return the record, held; refuse one that is not complete, or locked."""
    form = form_named(LOG)
    stored = find_stored_record(record_key_of(participant=participant, form=form, sequence=number), lock=True)
    if stored is None or stored.record.state not in COMPLETED:
        raise DeviationIncomplete(number=number, participant=participant.number)
    if stored.record.state == RecordState.LOCKED:
        raise DeviationLocked(number=number, participant=participant.number)
    return stored.record


def _with_before(judged: DeviationJudgement, before: DeviationDecision | None) -> DeviationJudgement:
    """Return the decision whole: what is left as it is stands as it was decided before."""
    return DeviationJudgement(
        judged.importance or (before.importance if before else ""),
        judged.excludes_pp or (before.excludes_pp if before else ""),
    )


def _departs(record: Any, told: DeviationJudgement, before: DeviationDecision | None) -> bool:
    """Say whether what is decided differs from what stood: an earlier decision, else the proposal of the rule."""
    importance = before.importance if before and before.importance else record.dv_imp_calc
    excludes = before.excludes_pp if before and before.excludes_pp else record.dv_pp_calc
    return told.importance not in ("", importance) or told.excludes_pp not in ("", excludes)

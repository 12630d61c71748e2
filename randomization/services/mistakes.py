"""Mistakes about allocations: marked, kept, never undone (requirement 30; protocol 1.9, 3.2, 3.15)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from randomization.models import Allocation, AllocationError, ErrorKind
from trials.services import propose_deviation

DEVIATION_RULE = "RAND"


class MayNotCorrect(Forbidden):
    code = "randomization.may_not_correct"
    message = _("Errors of randomization are recorded by the data manager. Telephone them.")


class TrueStratumMissing(Refusal):
    code = "randomization.true_stratum_missing"
    fields = ("strat_stage_true",)
    message = _("For a wrong stratum, choose the true clinical stage group; for other errors leave it empty.")
    status = 422


class SameStratum(Refusal):
    code = "randomization.same_stratum"
    fields = ("strat_stage_true",)
    message = _("{stage} is the stage group that was used. Choose the true one.")
    status = 422


class FoundBeforeRandomized(Refusal):
    code = "randomization.found_before_randomized"
    fields = ("found_on",)
    message = _("The error is dated {day}, outside the time between randomization and today. Check the date.")
    status = 422


class StratumMarkedAlready(Refusal):
    code = "randomization.stratum_marked_already"
    message = _(
        "The true stage group of participant {participant} is on record as {stage}. Correct that mark with a reason "
        "instead of adding another."
    )


class MarkWithdrawn(Refusal):
    code = "randomization.mark_withdrawn"
    message = _("This mark was withdrawn already. Mark the error anew if it happened after all.")


@dataclass(frozen=True)
class Mistake:
    """What went wrong, as the data manager tells it."""

    kind: str
    found_on: date
    detail: str
    action: str
    strat_stage_true: str = ""


def record_allocation_error(
    *, allocation: Allocation, mistake: Mistake, by: User, at: datetime
) -> AllocationError:
    """The error stands in the register; place, arm and stratum of the allocation are as they were.

    The participant stays in the analysis as randomized. A deviation is proposed with it.

    Refuses: a mark that contradicts itself or the allocation. Locks: the allocation.
    """
    _refuse_unless_true(allocation, mistake, by=by, at=at)
    with open_act("randomization:error:record", by=by, at=at, participant=allocation.participant):
        Allocation.objects.select_for_update(of=("self",)).get(pk=allocation.pk)
        _refuse_second_stratum(allocation, mistake)
        return _mark(allocation, mistake, by=by, at=at)


def correct_allocation_error(
    *, error: AllocationError, mistake: Mistake, reason: str, by: User, at: datetime
) -> AllocationError:
    """The mark says what is true; the act keeps why, the row's history what it said. Its kind stays.

    Refuses what a new mark would be refused for, and one that was withdrawn. Locks the mark.
    """
    _refuse_unless_true(error.allocation, mistake, by=by, at=at)
    with open_act(
        "randomization:error:correct", by=by, at=at, participant=error.participant, reason=reason
    ) as act:
        locked = _lock(error)
        columns = {name: value for name, value in asdict(mistake).items() if name != "kind"} | {"act": act}
        for name, value in columns.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(columns))
    return locked


def withdraw_allocation_error(
    *, error: AllocationError, reason: str, by: User, at: datetime
) -> AllocationError:
    """The mark was made by mistake and holds no more; the row stays, and the act keeps why.

    Refuses: who may not correct; a mark that was withdrawn. Locks: the mark.
    """
    if not by.may(Permission.ALLOCATION_CORRECT, error.site_id):
        raise MayNotCorrect
    with open_act(
        "randomization:error:withdraw", by=by, at=at, participant=error.participant, reason=reason
    ) as act:
        locked = _lock(error)
        locked.withdrawn_at, locked.act = at, act
        locked.save(update_fields=["withdrawn_at", "act"])
    return locked


def true_stage_of(allocation: Allocation) -> str:
    """Return the true clinical stage group on record, where another one was used; else nothing."""
    marks = AllocationError.objects.standing().filter(allocation=allocation, kind=ErrorKind.WRONG_STRATUM)
    return str(marks.values_list("strat_stage_true", flat=True).first() or "")


def _lock(error: AllocationError) -> AllocationError:
    locked: AllocationError = AllocationError.objects.select_for_update(of=("self",)).get(pk=error.pk)
    if locked.withdrawn_at is not None:
        raise MarkWithdrawn
    return locked


def _refuse_unless_true(allocation: Allocation, mistake: Mistake, *, by: User, at: datetime) -> None:
    if not by.may(Permission.ALLOCATION_CORRECT, allocation.site_id):
        raise MayNotCorrect
    _refuse_wrong_stage(allocation, mistake)
    zone = allocation.participant.site.time_zone
    if not local_date(allocation.randomized_at, zone) <= mistake.found_on <= local_date(at, zone):
        raise FoundBeforeRandomized(day=mistake.found_on.isoformat())


def _refuse_second_stratum(allocation: Allocation, mistake: Mistake) -> None:
    if mistake.kind == ErrorKind.WRONG_STRATUM and (stage := true_stage_of(allocation)):
        raise StratumMarkedAlready(participant=allocation.participant.number, stage=stage)


def record_outage(allocation: Allocation, *, opened_by: str, by: User, at: datetime) -> AllocationError:
    """That an emergency envelope was used stands in the register: an outage is an incident."""
    zone = allocation.participant.site.time_zone
    moment = allocation.randomized_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    story = f"envelope {allocation.number} opened {moment} by {opened_by}"
    action = "entered after the outage; the participant has the place of the envelope"
    return _mark(allocation, Mistake(ErrorKind.OUTAGE, local_date(at, zone), story, action), by=by, at=at)


def _mark(allocation: Allocation, mistake: Mistake, *, by: User, at: datetime) -> AllocationError:
    participant = allocation.participant
    with open_act("randomization:error:record", by=by, at=at, participant=participant) as act:
        error = AllocationError.objects.create(
            allocation=allocation,
            participant=participant,
            site_id=allocation.site_id,
            **asdict(mistake),
            recorded_by=by,
            recorded_at=at,
            act=act,
        )
        propose_deviation(
            participant=participant,
            rule=DEVIATION_RULE,
            key=f"error-{error.pk}",
            detail=f"{error.get_kind_display()}: {mistake.detail}",
            by=by,
            at=at,
        )
    return error


def _refuse_wrong_stage(allocation: Allocation, mistake: Mistake) -> None:
    if (mistake.kind == ErrorKind.WRONG_STRATUM) != bool(mistake.strat_stage_true):
        raise TrueStratumMissing
    if mistake.strat_stage_true == allocation.strat_stage:
        raise SameStratum(stage=allocation.strat_stage)

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
    message = _("For a wrong stratum, choose the true clinical stage group; for other errors leave it empty.")
    status = 422


class SameStratum(Refusal):
    code = "randomization.same_stratum"
    message = _("{stage} is the stage group that was used. Choose the true one.")
    status = 422


class FoundBeforeRandomized(Refusal):
    code = "randomization.found_before_randomized"
    message = _("The error is dated {day}, outside the time between randomization and today. Check the date.")
    status = 422


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
    """
    if not by.may(Permission.ALLOCATION_CORRECT, allocation.site_id):
        raise MayNotCorrect
    participant = allocation.participant
    _refuse_wrong_stage(allocation, mistake)
    zone = participant.site.time_zone
    if not local_date(allocation.randomized_at, zone) <= mistake.found_on <= local_date(at, zone):
        raise FoundBeforeRandomized(day=mistake.found_on.isoformat())
    return _mark(allocation, mistake, by=by, at=at)


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

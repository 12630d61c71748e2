"""The stage group as randomized beside the one that the staging form has now (protocol 3.2, X072; decision A2).

The form itself derives where it says another group than was used (``strat_stage_corr``), with each save and each night;
an index holds those rows alone, so that finding them takes no longer when the trial grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery

from crf import catalogue
from crf.eligibility.evidence import ANOTHER_ANSWER, STRATIFYING_ANSWER, STRATIFYING_FORM
from crf.engine.base import COMPLETED
from randomization.models import Allocation, AllocationError, AllocationSet, ErrorKind


@dataclass(frozen=True)
class StagesBeside:
    """What stands beside the stage group of one allocation: by the form of today, and by the register of errors."""

    corrected: str | None
    marked: str | None

    def contradicts(self, allocation: Allocation) -> bool:
        return any(each not in (None, allocation.strat_stage) for each in (self.corrected, self.marked))


def stages_beside(allocation: Allocation) -> StagesBeside:
    """Return the stage groups that stand beside the one of ``allocation``."""
    row: Any = beside_staging(Allocation.objects.filter(pk=allocation.pk)).get()
    return StagesBeside(row.stage_corrected, row.stage_marked)


def beside_staging(rows: AllocationSet) -> AllocationSet:
    """Give each allocation ``stage_corrected``, as STAGE has it now, and ``stage_marked``, as the register has it.

    The first is None while the form is not complete, the second where no error of the stratum is marked.
    """
    errors = AllocationError.objects.standing()
    marked = errors.filter(allocation=OuterRef("pk"), kind=ErrorKind.WRONG_STRATUM)
    return rows.annotate(
        stage_corrected=Subquery(_staged().order_by("-sequence", "-pk").values(STRATIFYING_ANSWER)[:1]),
        stage_marked=Subquery(marked.order_by("-recorded_at", "-pk").values("strat_stage_true")[:1]),
    )


def corrected(rows: AllocationSet) -> AllocationSet:
    """Return the allocations whose stage group was another one: by the form of today, or by the register."""
    errors = AllocationError.objects.standing().filter(kind=ErrorKind.WRONG_STRATUM)
    concerned = Q(participant__in=_saying_another()) | Q(pk__in=errors.values("allocation"))
    contradicted = _contradicted() | ~Q(stage_marked=F("strat_stage")) & Q(stage_marked__isnull=False)
    return beside_staging(rows.filter(concerned)).filter(contradicted)


def to_mark(rows: AllocationSet) -> AllocationSet:
    """Return the allocations whose form says another stage group, which the register does not say yet."""
    errors = AllocationError.objects.standing().filter(kind=ErrorKind.WRONG_STRATUM)
    marked = errors.filter(
        allocation__participant=OuterRef("participant_id"), strat_stage_true=OuterRef(ANOTHER_ANSWER)
    )
    return rows.filter(participant__in=_saying_another().filter(~Exists(marked)))


def _saying_another() -> Any:
    """Return the participants whose complete staging form has another group than the one that was used."""
    staged = _complete().filter(**{f"{ANOTHER_ANSWER}__isnull": False})
    return staged.values("participant_id")


def _staged() -> Any:
    """Return the complete staging form of the participant of an allocation."""
    return _complete().filter(participant_id=OuterRef("participant_id"))


def _complete() -> Any:
    staged = catalogue.form(STRATIFYING_FORM).model.objects
    return staged.filter(form_code=STRATIFYING_FORM, state__in=COMPLETED)


def _contradicted() -> Q:
    return Q(stage_corrected__isnull=False) & ~Q(stage_corrected=F("strat_stage"))

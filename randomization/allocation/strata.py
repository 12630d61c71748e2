"""The stage group as randomized beside the one that the staging form has now (protocol 3.2, X072; decision A2).

Nothing is stored: the corrected value is worked out each time, so it agrees with the form whenever somebody looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery

from crf import catalogue
from crf.eligibility.evidence import STRATIFYING_ANSWER, STRATIFYING_FORM
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
    found: Any = beside_staging(Allocation.objects.filter(pk=allocation.pk)).get()
    return StagesBeside(found.stage_corrected, found.stage_marked)


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
    contradicted = _contradicted() | ~Q(stage_marked=F("strat_stage")) & Q(stage_marked__isnull=False)
    return beside_staging(rows).filter(contradicted)


def to_mark(rows: AllocationSet) -> AllocationSet:
    """Return the allocations whose form says another stage group, which the register does not say yet.

    They are found by joining the tables; a value worked out for each allocation would be worked out for all of them.
    """
    errors = AllocationError.objects.standing().filter(kind=ErrorKind.WRONG_STRATUM)
    marked = errors.filter(allocation=OuterRef(OuterRef("pk")), strat_stage_true=OuterRef(STRATIFYING_ANSWER))
    other = Q(**{f"{STRATIFYING_ANSWER}__isnull": False}) & ~Q(
        **{STRATIFYING_ANSWER: OuterRef("strat_stage")}
    )
    return rows.filter(Exists(_staged().filter(other, ~Exists(marked))))


def _staged() -> Any:
    """Return the complete staging form of the participant of an allocation."""
    staged = catalogue.form(STRATIFYING_FORM).model.objects
    return staged.filter(
        participant_id=OuterRef("participant_id"), form_code=STRATIFYING_FORM, state__in=COMPLETED
    )


def _contradicted() -> Q:
    return Q(stage_corrected__isnull=False) & ~Q(stage_corrected=F("strat_stage"))

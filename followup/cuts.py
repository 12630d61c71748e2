"""How far the sweep of each data cut has come, in two queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q

from accounts.models import User
from accounts.permissions import Permission
from followup.models import HAPPENED, DataCut, Visit, VisitState
from followup.services.cuts import is_over
from kernel.clock import local_date
from protocol.history import CUT_SWEEPS


@dataclass(frozen=True)
class DataCutProgress:
    """One data cut: whom it asks for, and of whom vital status is known by now."""

    cut: DataCut
    asked: int
    known: int
    may_change: bool = False

    @property
    def cancelled_on(self) -> date | None:
        """The day on which it was cancelled or moved, where the trial is coordinated."""
        at = self.cut.cancelled_at
        return local_date(at, settings.TRIAL_TIME_ZONE) if at else None

    @property
    def waiting(self) -> int:
        return self.asked - self.known


def progress_of_cuts(user: User, *, at: datetime) -> list[DataCutProgress]:
    """Return every data cut, the latest first, counted over the sites that the person sees."""
    sweeps = Visit.objects.open_to(user, Permission.VISIT_VIEW).filter(code__startswith=CUT_SWEEPS)
    current = sweeps.exclude(state=VisitState.CANCELLED).order_by().values("code")
    counted = current.annotate(asked=Count("pk"), known=Count("pk", filter=Q(state__in=HAPPENED)))
    progress = {row["code"]: (row["asked"], row["known"]) for row in counted}
    may = user.may(Permission.DATA_CUT_ANNOUNCE)
    return [
        DataCutProgress(
            cut,
            *progress.get(f"{CUT_SWEEPS}{cut.number}", (0, 0)),
            may_change=may and cut.cancelled_at is None and not is_over(cut, at),
        )
        for cut in DataCut.objects.select_related("act", "moved_to").order_by("-on", "-number")
    ]

"""How far the sweep of each data cut has come, in two queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.models import User
from accounts.permissions import Permission
from followup.history import CUT_SWEEPS
from followup.models import HAPPENED, DataCut, Visit, VisitState


@dataclass(frozen=True)
class DataCutProgress:
    """One data cut: whom it asks for, and of whom vital status is known by now."""

    cut: DataCut
    asked: int
    known: int

    @property
    def waiting(self) -> int:
        return self.asked - self.known


def progress_of_cuts(user: User) -> list[DataCutProgress]:
    """Return every data cut, the latest first, counted over the sites that the person sees."""
    sweeps = Visit.objects.open_to(user, Permission.VISIT_VIEW).filter(code__startswith=CUT_SWEEPS)
    current = sweeps.exclude(state=VisitState.CANCELLED).order_by().values("code")
    counted = current.annotate(asked=Count("pk"), known=Count("pk", filter=Q(state__in=HAPPENED)))
    found = {row["code"]: (row["asked"], row["known"]) for row in counted}
    return [
        DataCutProgress(cut, *found.get(f"{CUT_SWEEPS}{cut.number}", (0, 0)))
        for cut in DataCut.objects.order_by("-on")
    ]

"""Two named cuts of the demonstration, as data management takes them for the committee, and work between them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.permissions import Permission
from demo.simulation.sites import Stage
from exports.jobs.services import save_definition
from exports.kept_cuts.services import take_cut
from exports.models import Rhythm
from kernel.scope import EVERYTHING, scope
from trials.models import Site

FIRST, SECOND = "committee 1", "committee 2"
MONTHLY = "Monthly review"


def cut_for_committee(stage: Stage, name: str, at: datetime) -> None:
    """Data management keeps what stands at the moment, under the name."""
    with scope(user_id=None, sites=EVERYTHING):
        take_cut(cut_name=name, by=stage.central["data"], at=at)


def save_some(stage: Stage, at: datetime) -> None:
    """Data management has saved an export that is taken on the first of each month."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        sites = Site.objects.open_to(stage.central["data"], Permission.EXPORT_TAKE)
        save_definition(
            name=MONTHLY,
            forms=["DM", "AE", "SAE", "SURV"],
            sites=list(sites.order_by("code").values_list("code", flat=True)),
            purpose="Monthly review of safety",
            rhythm=Rhythm.MONTHLY,
            language="en",
            data_format="xlsx",
            by=stage.central["data"],
            at=at,
        )

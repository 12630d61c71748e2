"""Two named cuts of the demonstration, as data management takes them for the committee, and work between them."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.permissions import Permission
from demo.simulation.sites import Stage
from exports.jobs.services import save_definition
from exports.models import Rhythm
from exports.services import request_export, write_export
from kernel.scope import EVERYTHING, scope
from trials.models import Site

FIRST, SECOND = "committee 1", "committee 2"
MONTHLY = "Monthly review"


def take_cut(stage: Stage, name: str, at: datetime) -> None:
    """Data management exports who is in the trial, and names the moment that was read."""
    with scope(user_id=None, sites=EVERYTHING):
        export = request_export(
            forms=["DM"],
            sites=_sites(stage),
            purpose=f"Report to the data monitoring committee ({name})",
            cut_name=name,
            by=stage.central["data"],
            at=at,
        )
        write_export(export=export, at=at + timedelta(minutes=1))


def save_some(stage: Stage, at: datetime) -> None:
    """Data management has saved an export that is taken on the first of each month."""
    with scope(user_id=None, sites=EVERYTHING):
        save_definition(
            name=MONTHLY,
            forms=["DM", "AE", "SAE", "SURV"],
            sites=_sites(stage),
            purpose="Monthly review of safety",
            rhythm=Rhythm.MONTHLY,
            language="en",
            data_format="xlsx",
            by=stage.central["data"],
            at=at,
        )


def _sites(stage: Stage) -> list[str]:
    sites = Site.objects.open_to(stage.central["data"], Permission.EXPORT_TAKE)
    return list(sites.order_by("code").values_list("code", flat=True))

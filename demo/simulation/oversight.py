"""What central people keep an eye on: findings of central monitoring with their outcome, and a committee's pack."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import transaction

from accounts.models import User
from committee.models import ArmDisplay, CommitteePack, PackPart, PackShare
from committee.services.packs import make_pack, release_pack, request_pack
from committee.services.sharing import share_pack
from demo.simulation.cuts import FIRST
from demo.simulation.sites import PASSWORD, Stage
from exports.kept_cuts.services import cut_named
from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from monitoring.models import FollowUpOutcome, MonitoringFinding
from monitoring.services import record_outcome, set_range, take_finding, work_out

WATCHED: Final = "late-entry"
READING: Final = timedelta(minutes=10)
OPEN_FOR: Final = timedelta(days=30)  # the members read a pack before and after their meeting


def watch_over(stage: Stage, at: datetime) -> None:
    """The study team has set a strict range; one breach of it has its outcome, one is taken, others wait."""
    monitor, data = stage.central["monitor"], stage.central["data"]
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            set_range(
                factor=WATCHED,
                lowest=None,
                highest=Decimal("0.5"),
                reason="Meeting of the study team, point 4",
                by=stage.central["trial"],
                at=at,
            )
        work_out(at=at)
        with transaction.atomic():
            findings = list(
                MonitoringFinding.objects.filter(indicator=WATCHED, followed_at=None).order_by("pk")[:2]
            )
            for finding in findings[1:]:
                take_finding(finding=finding, by=data, at=at)
            for finding in findings[:1]:
                record_outcome(
                    finding=finding,
                    outcome=FollowUpOutcome.CORRECTED,
                    note="The site had no second coordinator in its holidays. It has trained one.",
                    by=monitor,
                    at=at,
                )


def report_to_committee(*, by: User, second: User, at: datetime) -> tuple[CommitteePack, PackShare]:
    """A masked pack of the first cut is made, released by a second statistician, and its open part is shared."""
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():
            at = max(at, cut_named(FIRST).cut_at + READING)  # a cut bears the moment at which it was taken
            pack = request_pack(title="First report", cut=FIRST, arms=ArmDisplay.MASKED, by=by, at=at)
        pack = make_pack(pack=pack, at=at)
        with transaction.atomic():
            released = release_pack(pack=pack, password=PASSWORD, by=second, at=at)
            share, _passcode = share_pack(
                pack=released,
                part=PackPart.OPEN,
                recipient="Demo member of an ethics committee",
                email="ethics@example.org",
                language="zh-hans",
                expires_on=local_date(at, settings.TRIAL_TIME_ZONE) + OPEN_FOR,
                by=by,
                at=at,
            )
    return released, share

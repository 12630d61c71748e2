"""What follow-up does by itself. Each task takes ids and dates and may run twice with the same result."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from followup.services import migrate_participants, plan_data_cuts, uncarried, update_visit_states
from kernel.clock import local_date
from kernel.tasks import send, task
from trials.models import Site, SiteVersion


def _sites() -> list[Site]:
    with transaction.atomic():
        return list(Site.objects.order_by("code"))


@task(name="followup:roll")
def roll() -> None:
    """Every site is rolled to its own calendar day; hours in which nothing turns cost one look at an index."""
    now = timezone.now()
    for site in _sites():
        send("followup:roll_site", site.pk, local_date(now, site.time_zone).isoformat())


@task(name="followup:roll_site")
def roll_one_site(site_id: int, day: str) -> None:
    """Every visit of the site stands where the calendar puts it on ``day``; announced data cuts are planned."""
    site, now = _site(site_id), timezone.now()
    plan_data_cuts(site=site, at=now)
    update_visit_states(site=site, on=date.fromisoformat(day), at=now)


@task(name="followup:carry_version")
def carry_one_version(pk: int) -> None:
    """Everybody living at the site follows the version that was opened there."""
    with transaction.atomic():
        site_version = SiteVersion.objects.select_related("site").get(pk=pk)
    migrate_participants(site_version=site_version, at=timezone.now())


@task(name="followup:carry_versions")
def carry() -> None:
    """What a crash left of a version that was opened is carried on."""
    for pk in uncarried():
        send("followup:carry_version", pk)


def _site(site_id: int) -> Site:
    with transaction.atomic():
        return Site.objects.get(pk=site_id)

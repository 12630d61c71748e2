"""What follow-up does by itself. Each task takes ids and dates and may run twice with the same result."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from followup.services import carry_version, remind_site, roll_site, write_site_notices
from palace3.kernel.clock import local_date
from palace3.kernel.tasks import task
from trials.models import Site, SiteVersion

DIGEST_HOUR = 8


def _sites() -> list[Site]:
    with transaction.atomic():
        return list(Site.objects.order_by("code"))


@task(name="followup:roll")
def roll() -> None:
    """Every site is rolled to its own calendar day; hours in which nothing turns cost one look at an index."""
    now = timezone.now()
    for site in _sites():
        roll_one_site.delay(site.pk, local_date(now, site.time_zone).isoformat())


@task(name="followup:roll_site")
def roll_one_site(site_id: int, day: str) -> None:
    """Every visit of the site stands where the calendar puts it on ``day``."""
    roll_site(site=_site(site_id), on=date.fromisoformat(day), at=timezone.now())


@task(name="followup:remind")
def remind() -> None:
    """Every site where it is past eight in the morning has the digest of its day in the outbox."""
    now = timezone.now()
    for site in _sites():
        if is_time_for_digest(now, site):
            remind_one_site.delay(site.pk, local_date(now, site.time_zone).isoformat())


def is_time_for_digest(now: datetime, site: Site) -> bool:
    """Say whether the day's digest is due; a morning without a worker is made up for until midnight."""
    return now.astimezone(ZoneInfo(site.time_zone)).hour >= DIGEST_HOUR


@task(name="followup:remind_site")
def remind_one_site(site_id: int, day: str) -> None:
    """The site's digest and notices of ``day`` are in the outbox, after its visits were rolled to that day."""
    site, on, now = _site(site_id), date.fromisoformat(day), timezone.now()
    roll_site(site=site, on=on, at=now)
    remind_site(site=site, on=on, at=now)
    write_site_notices(site=site, on=on, at=now)


@task(name="followup:carry_version")
def carry_one_version(pk: int) -> None:
    """Everybody living at the site follows the version that was opened there."""
    with transaction.atomic():
        found = SiteVersion.objects.select_related("site").get(pk=pk)
    carry_version(site_version=found, at=timezone.now())


@task(name="followup:carry_versions")
def carry() -> None:
    """What a crash left of a version that was opened is carried on."""
    with transaction.atomic():
        waiting = SiteVersion.objects.filter(opened_on__isnull=False, carried_at=None)
        keys = list(waiting.values_list("pk", flat=True))
    for pk in keys:
        carry_one_version.delay(pk)


def _site(site_id: int) -> Site:
    with transaction.atomic():
        return Site.objects.get(pk=site_id)

"""Reminders, escalations and the outbox. Each task takes ids and dates and may run twice with the same result."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts.outbox import send_waiting
from audit.models import AnchorOccasion
from followup.services import update_visit_states
from kernel.clock import local_date
from kernel.tasks import send, task
from notices.mail_kinds import MAIL_KINDS
from notices.preferences import EARLIEST_HOUR, local_hour
from notices.second_person import tell_second_persons
from notices.services.anchoring import alarm_of_late_seals, send_anchor, verify_and_anchor
from notices.services.escalations import escalate_site
from notices.services.reminders import remind_site
from notices.services.site_notices import write_site_notices
from trials.models import Site


@task(name="followup:remind")
def remind() -> None:
    """Every site where the day has begun has its digests in the outbox, for those whose hour has come."""
    now = timezone.now()
    for site in _sites():
        if is_time_for_digest(now, site):
            send("followup:remind_site", site.pk, local_date(now, site.time_zone).isoformat())


def is_time_for_digest(now: datetime, site: Site) -> bool:
    """Say whether anybody's digest can be due; a morning without a worker is made up for until midnight."""
    return local_hour(now, site) >= EARLIEST_HOUR


@task(name="followup:escalate")
def escalate() -> None:
    """Every site has what waits too long escalated, clocks of safety at any hour."""
    now = timezone.now()
    for site in _sites():
        send("followup:escalate_site", site.pk, local_date(now, site.time_zone).isoformat())


@task(name="followup:escalate_site")
def escalate_one_site(site_id: int, day: str) -> None:
    """What waits too long at the site on ``day`` is in the outbox."""
    escalate_site(site=_site(site_id), on=date.fromisoformat(day), at=timezone.now())


@task(name="followup:remind_site")
def remind_one_site(site_id: int, day: str) -> None:
    """The site's digest and notices of ``day`` are in the outbox, after its visits were rolled to that day."""
    site, on, now = _site(site_id), date.fromisoformat(day), timezone.now()
    update_visit_states(site=site, on=on, at=now)
    remind_site(site=site, on=on, at=now)
    write_site_notices(site=site, on=on, at=now)


@task(name="notices:second_person")
def tell_who_is_second() -> None:
    """Whoever is waited for as the second person has a mail about each matter, once."""
    tell_second_persons(at=timezone.now())


@task(name="audit:verify")
def verify_trail() -> None:
    """The night's verification is done, and its result and the chained digest are on their way."""
    verify_and_anchor(at=timezone.now())


@task(name="audit:anchor")
def anchor_trail(occasion: str) -> None:
    """The chained digest of this moment is on its way to everybody who holds copies."""
    send_anchor(occasion=AnchorOccasion(occasion), at=timezone.now())


@task(name="audit:alarm")
def alarm_late_seals() -> None:
    """Trial managers know when acts wait too long for their seal."""
    alarm_of_late_seals(at=timezone.now())


@task(name="accounts:send_mail")
def send_mail() -> None:
    """Every message that waits is sent once; a run while the server is away leaves them for the next."""
    send_waiting(MAIL_KINDS, at=timezone.now())


def _sites() -> list[Site]:
    with transaction.atomic():
        return list(Site.objects.order_by("code"))


def _site(site_id: int) -> Site:
    with transaction.atomic():
        return Site.objects.get(pk=site_id)

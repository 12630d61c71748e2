"""A later version of the protocol, site by site, to everybody who lives (architecture 3; requirement 49)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from audit.acts import open_act
from followup.services.planning import plan_visits_for
from kernel.tasks import send
from trials import services as trials
from trials.models import Participant, Site, SiteVersion
from trials.services.versions import ENDED

BATCH = 50


def open_version(*, site: Site, version: str, by: User, at: datetime, reason: str) -> SiteVersion:
    """``version`` is in force at the site; its participants are taken over in the background, batch by batch."""
    opened = trials.open_site_version(site=site, version=version, by=by, at=at, reason=reason)
    send("followup:carry_version", opened.pk)
    return opened


def waiting_for(site_version: SiteVersion) -> QuerySet[Participant]:
    """Return the living participants of the site who do not follow the version yet."""
    people = Participant.objects.filter(site_id=site_version.site_id).exclude(state__in=ENDED)
    found: QuerySet[Participant] = people.exclude(protocol_version=site_version.version).order_by("pk")
    return found


def migrate_participants(*, site_version: SiteVersion, at: datetime, batch: int = BATCH) -> int:
    """Every living participant follows the version, and what has not happened is planned anew; say how many came.

    Each batch is kept by itself, so that a run that dies is carried on, a second run changes nothing, and
    memory does not grow with the site. What took place stays, and so does every window that was over.
    """
    if not is_current(site_version):
        return 0
    carried = 0
    while waiting_for(site_version).exists():
        carried += _carry_batch(site_version, at, batch)
    trials.note_carried(site_version=site_version, by=None, at=at)
    return carried


def is_current(site_version: SiteVersion) -> bool:
    """Say whether the version is still the one in force at its site: a later one may have overtaken it."""
    now = Site.objects.filter(pk=site_version.site_id).values_list("protocol_version", flat=True).first()
    return bool(site_version.opened_on) and now == site_version.version


def _carry_batch(site_version: SiteVersion, at: datetime, batch: int) -> int:
    reason = f"protocol version {site_version.version}"
    with open_act("followup:version:carry", by=None, at=at, site=site_version.site, reason=reason):
        locked = waiting_for(site_version).select_for_update(of=("self",))
        people = list(locked.select_related("site")[:batch])
        for each in people:
            follower = trials.follow_version(participant=each, version=site_version.version, by=None, at=at)
            if follower.arm or follower.visits.exists():
                plan_visits_for(participant=follower, by=None, at=at)
    return len(people)

"""A later version of the protocol, site by site, to everybody who lives (architecture 3; requirement 49)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import User
from audit.acts import note_moved, open_act
from followup.services.planning import plan_visits_for
from kernel.tasks import send
from trials import services as trials
from trials.models import Participant, Site, SiteVersion
from trials.models.locks import is_locked, without_locked
from trials.services.versions import ENDED

BATCH = 50


def open_version(*, site: Site, version: str, by: User, at: datetime, reason: str) -> SiteVersion:
    """``version`` is in force at the site; its participants are taken over in the background, batch by batch."""
    opened = trials.open_site_version(site=site, version=version, by=by, at=at, reason=reason)
    send("followup:carry_version", opened.pk)
    return opened


def waiting_for(site_version: SiteVersion) -> QuerySet[Participant]:
    """Return the living participants of the site who do not follow the version yet; who is locked waits for nothing."""
    people = without_locked(Participant.objects.filter(site_id=site_version.site_id).exclude(state__in=ENDED))
    participants: QuerySet[Participant] = people.exclude(protocol_version=site_version.version).order_by("pk")
    return participants


class NotCarriedOver(RuntimeError):  # noqa: N818 (a fault of the program, shown on the page of tasks)
    """Somebody still waits for a version after a run that found nobody left to carry."""


def migrate_participants(*, site_version: SiteVersion, at: datetime, batch: int = BATCH) -> int:
    """Every living participant follows the version, and what has not happened is planned anew; say how many came.

    Each batch is kept by itself, so that a run that dies is carried on, a second run changes nothing, and
    memory does not grow with the site. What took place stays, and so does every window that was over. A run that
    leaves anybody behind, or does not see its own site, fails.
    """
    if not is_current(site_version):
        return 0
    carried = 0
    while came := _carry_batch(site_version, at, batch):
        carried += came
    with transaction.atomic():
        left = waiting_for(site_version).count()
        if left:
            raise NotCarriedOver(
                f"{left} at site {site_version.site_id} wait for version {site_version.version}"
            )
        trials.note_carried(site_version=site_version, by=None, at=at)
    return carried


@transaction.atomic
def is_current(site_version: SiteVersion) -> bool:
    """Say whether the version is still the one in force at its site: a later one may have overtaken it."""
    now = Site.objects.values_list("protocol_version", flat=True).get(pk=site_version.site_id)
    return bool(site_version.opened_on) and now == site_version.version


@transaction.atomic
def uncarried() -> list[int]:
    """Return the versions in force somewhere that not everybody there is known to follow."""
    opened = SiteVersion.objects.filter(opened_on__isnull=False, carried_at=None)
    return list(
        opened.filter(version=F("site__protocol_version")).order_by("pk").values_list("pk", flat=True)
    )


@transaction.atomic
def _carry_batch(site_version: SiteVersion, at: datetime, batch: int) -> int:
    if not waiting_for(site_version).exists():
        return 0
    reason = _reason(site_version.version)
    with open_act("followup:version:carry", by=None, at=at, site=site_version.site, reason=reason):
        locked = waiting_for(site_version).select_for_update(of=("self",))
        people = list(locked.select_related("site")[:batch])
        for each in people:
            _carry(each, version=site_version.version, by=None, at=at)
    return len(people)


def catch_up(*, participant: Participant, by: User | None, at: datetime) -> Participant:
    """The participant follows the version in force at their site: whoever works on them need not wait for the batch.

    Whoever follows it already, has ended or is locked, is returned as they are now, and nothing is written.

    Locks: the participant.
    """
    with transaction.atomic():
        locked = Participant.objects.lock(participant.pk)
        if not locked.is_behind or locked.state in ENDED or is_locked(locked):
            return locked
        version = locked.site.protocol_version
        with open_act("followup:version:carry", by=by, at=at, participant=locked, reason=_reason(version)):
            return _carry(locked, version=version, by=by, at=at)


def _reason(version: str) -> str:
    return f"protocol version {version}"


def _carry(participant: Participant, *, version: str, by: User | None, at: datetime) -> Participant:
    follower = trials.follow_version(participant=participant, version=version, by=by, at=at)
    note_moved(participant.pk, "visit.forms")
    if follower.arm or follower.visits.exists():
        plan_visits_for(participant=follower, by=by, at=at)
    return follower

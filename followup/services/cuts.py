"""A data cut asks for the vital status of everybody whom nobody has met near it (protocol 2.2, SWEEP)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from followup.models import DataCut, DataCutAtSite
from followup.services.planning import plan_visits_for
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.tasks import send
from kernel.turns import wait_for_turn
from trials.models import Participant, Site
from trials.models.participants import TERMINAL, Track

BATCH = 50
SERIES = "data cuts"
LOOKED_BACK = timedelta(days=14)


class CutTooEarly(Refusal):
    code = "followup.cut_too_early"
    fields = ("on",)
    message = _("The window of a data cut on {day} has passed. Announce a later day.")
    status = 422


class CutAnnounced(Refusal):
    code = "followup.cut_announced"
    fields = ("on",)
    message = _("A data cut on {day} is announced already. Its progress is shown below.")


class CutCancelled(Refusal):
    code = "followup.cut_cancelled"
    message = _(
        "The data cut on {day} was cancelled or moved already. The list of data cuts shows what stands."
    )


class CutOver(Refusal):
    code = "followup.cut_over"
    message = _(
        "The window of the data cut on {day} has passed, and what was asked for it stands. Announce another data cut "
        "for a later day."
    )


def announce_data_cut(*, on: date, purpose: str, by: User, at: datetime) -> DataCut:
    """The data cut is announced; each site's plans take up its sweep right after, in the background.

    Refuses: a day whose window has passed; one that is announced already. Locks: the series of data cuts.
    """
    _refuse_passed(on, at)
    with open_act("followup:datacut:announce", by=by, at=at) as act:
        return _announce(on, purpose, act)


def move_data_cut(*, cut: DataCut, on: date, reason: str, by: User, at: datetime) -> DataCut:
    """Another data cut, on the day ``on``, stands in the place of ``cut``; each site's plans follow.

    What was asked and answered for the first day stays on record. Refuses what a new data cut would be refused for,
    and one that is over or stands no more. Locks the data cut, then the series of data cuts.
    """
    _refuse_passed(on, at)
    with open_act("followup:datacut:move", by=by, at=at, reason=reason) as act:
        locked = _standing(cut, at)
        moved = _announce(on, locked.purpose, act)
        _cancel(locked, moved, act, at)
    return moved


def cancel_data_cut(*, cut: DataCut, reason: str, by: User, at: datetime) -> DataCut:
    """The data cut asks for nothing any more; each site's plans follow, and what was answered stays on record.

    Refuses one that is over or stands no more. Locks the data cut, then the series of data cuts.
    """
    with open_act("followup:datacut:cancel", by=by, at=at, reason=reason) as act:
        locked = _standing(cut, at)
        _cancel(locked, None, act, at)
        send("followup:roll", may_fail=True)
    return locked


def _announce(on: date, purpose: str, act: Any) -> DataCut:
    """The data cut stands under the next number; two that are announced at once wait for each other."""
    wait_for_turn(SERIES)
    if DataCut.objects.standing().filter(on=on).exists():
        raise CutAnnounced(day=on.isoformat())
    last = DataCut.objects.aggregate(last=Max("number"))["last"] or 0
    cut = DataCut.objects.create(number=last + 1, on=on, purpose=purpose, act=act)
    send("followup:roll", may_fail=True)  # without a broker the next roll takes it up
    return cut


def _cancel(locked: DataCut, moved_to: DataCut | None, act: Any, at: datetime) -> None:
    locked.cancelled_at, locked.moved_to, locked.act = at, moved_to, act
    locked.save(update_fields=["cancelled_at", "moved_to", "act"])


def _standing(cut: DataCut, at: datetime) -> DataCut:
    locked = DataCut.objects.select_for_update().get(pk=cut.pk)
    wait_for_turn(SERIES)
    if locked.cancelled_at is not None:
        raise CutCancelled(day=locked.on.isoformat())
    if is_over(locked, at):
        raise CutOver(day=locked.on.isoformat())
    return locked


def is_over(cut: DataCut, at: datetime) -> bool:
    """Say whether the window of the data cut has passed, so that nothing is asked for it any more."""
    return _has_passed(cut.on, at)


def _has_passed(on: date, at: datetime) -> bool:
    return on < local_date(at, settings.TRIAL_TIME_ZONE) - LOOKED_BACK


def _refuse_passed(on: date, at: datetime) -> None:
    if _has_passed(on, at):
        raise CutTooEarly(day=on.isoformat())


def plan_data_cuts(*, site: Site, at: datetime) -> int:
    """The plans of the site ask for every cut that stands and no other; say how many cuts were new to it.

    It runs with every roll, so that an announcement or a cancellation whose task was lost is taken up all the same.
    """
    with transaction.atomic():
        new = list(_not_taken_up(site).order_by("number"))
        people = Participant.objects.filter(site=site, arm__isnull=False)
        living = people.exclude(state__in=TERMINAL - {Track.LOST}).order_by("pk")
        keys = list(living.values_list("pk", flat=True)) if new else []
    for start in range(0, len(keys), BATCH):
        with open_act("followup:datacut:plan", by=None, at=at, site=site):
            for person in Participant.objects.filter(pk__in=keys[start : start + BATCH]).order_by("pk"):
                plan_visits_for(participant=person, by=None, at=at)
    for cut in new:
        with open_act("followup:datacut:take_up", by=None, at=at, site=site) as act:
            taken_up = {"cancelled_at": cut.cancelled_at, "act": act}
            DataCutAtSite.objects.update_or_create(cut=cut, site=site, defaults=taken_up)
    return len(new)


def _not_taken_up(site: Site) -> QuerySet[DataCut]:
    """Return the cuts that the plans of the site do not know yet as they stand, announced or cancelled."""
    there = DataCutAtSite.objects.filter(cut=OuterRef("pk"), site=site)
    announced = Q(cancelled_at=None) & ~Exists(there)
    return DataCut.objects.filter(
        announced | Q(cancelled_at__isnull=False) & ~Exists(there.exclude(cancelled_at=None))
    )

"""A data cut asks for the vital status of everybody whom nobody has met near it (protocol 2.2, SWEEP)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from followup.models import DataCut, DataCutAtSite
from followup.services.planning import plan_visits_for
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.tasks import send
from trials.models import Participant, Site
from trials.models.participants import TERMINAL, Track

BATCH = 50
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


def announce_data_cut(*, on: date, purpose: str, by: User, at: datetime) -> DataCut:
    """The data cut is announced; each site's plans take up its sweep right after, in the background.

    Refuses: a day that is past; one that is announced.
    """
    if on < local_date(at, settings.TRIAL_TIME_ZONE) - LOOKED_BACK:
        raise CutTooEarly(day=on.isoformat())
    try:
        with open_act("followup:datacut:announce", by=by, at=at) as act:
            last = DataCut.objects.aggregate(last=Max("number"))["last"] or 0
            cut = DataCut.objects.create(number=last + 1, on=on, purpose=purpose, act=act)
            send("followup:roll", may_fail=True)  # without a broker the next roll takes it up
    except IntegrityError as known:  # also when two are announced at once
        raise CutAnnounced(day=on.isoformat()) from known
    return cut


def plan_data_cuts(*, site: Site, at: datetime) -> int:
    """The sweep of every announced cut stands in the plans of the site; say how many cuts were new to it.

    It runs with every roll, so that an announcement whose task was lost is taken up all the same.
    """
    with transaction.atomic():
        new = list(DataCut.objects.exclude(sites__site=site).order_by("number"))
        people = Participant.objects.filter(site=site, arm__isnull=False)
        living = people.exclude(state__in=TERMINAL - {Track.LOST}).order_by("pk")
        keys = list(living.values_list("pk", flat=True)) if new else []
    for start in range(0, len(keys), BATCH):
        with open_act("followup:datacut:plan", by=None, at=at, site=site):
            for person in Participant.objects.filter(pk__in=keys[start : start + BATCH]).order_by("pk"):
                plan_visits_for(participant=person, by=None, at=at)
    for cut in new:
        with open_act("followup:datacut:take_up", by=None, at=at, site=site) as act:
            DataCutAtSite.objects.get_or_create(cut=cut, site=site, defaults={"act": act})
    return len(new)

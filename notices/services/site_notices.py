"""What a site is told beside its visits: approvals and training that run out, and its week (architecture 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from django.db import transaction
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import override

from accounts.mail_words import go_there
from accounts.models import Mail, User
from accounts.services import write_mail
from audit.acts import open_act
from followup.models import Visit, VisitState
from kernel.days import written
from notices import preferences
from notices.preferences import Choice, DigestTimes, choices_of, local_hour
from notices.services.reminders import people_of
from trials.models import ChecklistItem, Site

EXPIRY, WEEKLY = "followup:expiry", "followup:weekly"
# Told two months, one month and one week before the last day, and once when it has passed.
WARNED_AT = (60, 30, 7, -1)
WEEK, ONE_DAY = timedelta(days=7), timedelta(days=1)
Words = Callable[[], tuple[str, str]]


@dataclass(frozen=True)
class Notice:
    """One message to one person; ``words`` gives subject and text in the language then in force.

    What has nothing to say is not sent.
    """

    to: User
    kind: str
    key: str
    words: Words
    has_something: Callable[[], bool] = lambda: True


def write_site_notices(*, site: Site, on: date, at: datetime) -> int:
    """Each notice of the day is in the outbox, once; say how many were new. Running again writes nothing.

    Locks: the site.
    """
    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        hour, told = local_hour(at, site), list(_notices(site, on))
        choices = choices_of({notice.to for notice in told})
        notices = [notice for notice in told if notice.to.email and _is_wanted(notice, choices, hour)]
        mails = set(Mail.objects.filter(key__in=[n.key for n in notices]).values_list("key", flat=True))
        new = [notice for notice in notices if notice.key not in mails and notice.has_something()]
        if not new:
            return 0
        with open_act("followup:notices:write", by=None, at=at, site=site):
            digests = DigestTimes({notice.to for notice in new}, site.time_zone, at=at)
            for notice in new:
                _write(notice, site, at, digests)
    return len(new)


def _is_wanted(notice: Notice, choices: dict[int, Choice], hour: int) -> bool:
    choice = choices[notice.to.pk]
    return hour >= choice.from_hour and (notice.kind != WEEKLY or choice.wants(preferences.WEEKLY))


def _write(notice: Notice, site: Site, at: datetime, digests: DigestTimes) -> None:
    with override(notice.to.language):
        subject, body = notice.words()
        write_mail(
            to=notice.to,
            address=notice.to.email,
            kind=notice.kind,
            key=notice.key,
            subject=subject,
            body=body,
            language=notice.to.language,
            site=site,
            at=at,
            digest_at=digests.of(notice.to),
        )


def _notices(site: Site, on: date) -> Iterator[Notice]:
    people = list(people_of(site, on))
    for item in ChecklistItem.objects.filter(site=site, expires_on__lte=on + timedelta(days=WARNED_AT[0])):
        stage = _stage(item, on)
        for user in people:
            key = f"{EXPIRY}:{site.code}:{item.kind}:{item.expires_on}:{stage}:{user.pk}"
            yield Notice(user, EXPIRY, key, lambda item=item: _expiry(site, item, on))  # type: ignore[misc]
    monday = on - timedelta(days=on.weekday())
    figures = cache(lambda: _figures(site, monday))
    for user in people:
        key = f"{WEEKLY}:{site.code}:{monday}:{user.pk}"
        yield Notice(
            user, WEEKLY, key, lambda: _week(site, monday, figures()), lambda: any(figures().values())
        )


def _stage(item: ChecklistItem, on: date) -> int:
    """Return the last warning whose day has come: only that one is given after days without a worker."""
    left = ((item.expires_on or on) - on).days
    return min((days for days in WARNED_AT if left <= days), default=WARNED_AT[0])


def _expiry(site: Site, item: ChecklistItem, on: date) -> tuple[str, str]:
    values = {"site": site, "item": item.get_kind_display(), "day": written(item.expires_on or on)}
    if item.expires_on is not None and item.expires_on < on:
        said = _("%(site)s: %(item)s has expired on %(day)s")
        what = _("Nobody can be consented at the site until it is renewed.")
    else:
        said = _("%(site)s: %(item)s expires on %(day)s")
        what = _("Renew it before that day and record it in the activation checklist of the site.")
    where = go_there(site.get_absolute_url())
    return said % values, f"{said % values}.\n\n{what}\n{where}"


def _figures(site: Site, monday: date) -> dict[str | Promise, int]:
    """Return what the week's message counts, with the words of each."""
    visits = Visit.objects.filter(site=site)
    this, before = (monday, monday + WEEK - ONE_DAY), (monday - WEEK, monday - ONE_DAY)
    counted = {
        _lazy("Visits proposed for this week"): visits.awaited().filter(proposed_on__range=this),
        _lazy("Visits whose window is open"): visits.filter(state__in=(VisitState.OPEN, VisitState.DUE)),
        _lazy("Visits overdue"): visits.filter(state=VisitState.OVERDUE),
        _lazy("Visits that took place last week"): visits.filter(took_place_on__range=before),
        _lazy("Of these outside their window"): visits.filter(
            took_place_on__range=before, timing__in=("early", "late")
        ),
    }
    return {label: rows.count() for label, rows in counted.items()}


def _week(site: Site, monday: date, figures: dict[str | Promise, int]) -> tuple[str, str]:
    """Return the week in figures; what is nought is not said."""
    subject = _("%(site)s: the week from %(day)s") % {"site": site, "day": written(monday)}
    lines = [f"  {label}: {number}" for label, number in figures.items() if number]
    return subject, "\n".join([*lines, "", go_there(reverse("followup:agenda"))])

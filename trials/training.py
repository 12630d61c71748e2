"""Whose training is not for the version in force at the site, or has ended (ICH E6(R3) 2.3).

Such a person goes on with the care of participants and with their data, and is named; after a grace that the study team
sets no new role is given to them. What is not said of a training counts as for the version in force on its day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from kernel.days import written
from protocol.text import ProtocolText, later_than, load, versions
from protocol.windows import add_months
from trials.models import Delegation, Site, SiteVersion


@dataclass(frozen=True)
class TrainingGap:
    """Somebody who has to be trained anew: since which day, by when, and for which version where it is another."""

    user: User
    site: Site
    since: date
    grace: date
    version: str

    def is_over(self, on: date) -> bool:
        """Say whether the grace has passed."""
        return self.grace < on

    @property
    def why(self) -> str:
        if self.version:
            said = _("trained for another version: the site follows %(version)s since %(day)s")
            return said % {"version": self.version, "day": written(self.since)}
        return _("training ended on %(day)s") % {"day": written(self.since)}


def ends_on(user: User, text: ProtocolText) -> date | None:
    """Return the last day on which the training holds; None when it holds without end, or there is none."""
    months = user.training_months
    if months is None:
        months = _whole(text, "training_valid_months")
    if user.trained_on is None or months == 0:
        return None
    return add_months(user.trained_on, months)


def gap_of(user: User, site: Site, *, opened_on: date | None, on: date) -> TrainingGap | None:
    """Return what is amiss with a training at the site on the day; ``opened_on`` is since when its version is in force.

    Another version comes before an end: who is trained for the new one has a new end as well.
    """
    if user.trained_on is None:
        return None
    text = load(site.protocol_version)
    grace = timedelta(days=_whole(text, "training_grace_days"))
    if opened_on is not None and opened_on <= on and _is_for_another(user, site, opened_on):
        return TrainingGap(user, site, opened_on, opened_on + grace, site.protocol_version)
    end = ends_on(user, text)
    if end is not None and end < on:
        return TrainingGap(user, site, end, end + grace, version="")
    return None


def _is_for_another(user: User, site: Site, opened_on: date) -> bool:
    if user.trained_for is None:
        return user.trained_on is not None and user.trained_on < opened_on
    return user.trained_for not in (site.protocol_version, *later_than(site.protocol_version))


def opened_days(sites: Iterable[Site] | QuerySet[Site]) -> dict[int, date]:
    """Return since when each site follows the version that is in force there; the first version has no such day."""
    rows = SiteVersion.objects.filter(site__in=sites, version=F("site__protocol_version"))
    days: Any = rows.exclude(opened_on=None).values_list("site_id", "opened_on")
    return dict(days)


def gaps_among(delegations: QuerySet[Delegation], *, on: date) -> list[TrainingGap]:
    """Return who of these is to be trained anew, once at each site, the longest first; two queries at most."""
    rows = delegations.in_force(on=on).filter(site__isnull=False, user__is_active=True)  # type: ignore[attr-defined]
    rows = rows.select_related("user", "site").order_by("site__code", "user__username")
    people = {(row.site_id, row.user_id): row for row in rows}
    several = len(versions()) > 1
    opened = opened_days({row.site_id: row.site for row in people.values()}.values()) if several else {}
    gaps = [gap_of(row.user, row.site, opened_on=opened.get(row.site_id), on=on) for row in people.values()]
    return sorted((gap for gap in gaps if gap), key=lambda gap: (gap.since, gap.site.code, gap.user.username))


def _whole(text: ProtocolText, key: str) -> int:
    value = text.setting(key)
    if not isinstance(value, int):
        raise TypeError(f"the protocol gives no whole number for {key}")
    return value

"""Counts are worked out, findings opened, taken and followed up; the study team sets acceptable ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Role
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from monitoring.indicators import (
    ACTION_TAIL,
    FACTOR_BY_CODE,
    FACTORS,
    INDICATORS,
    QualityFactor,
    Signal,
    SiteCount,
)
from monitoring.models import AcceptableRange, FindingKind, MonitoringFinding, SiteIndicator
from monitoring.reading import counts_of
from trials.models import Site

DUE_WITHIN: Final = timedelta(days=14)  # defaults of ours, to be confirmed by the study team
QUIET_AFTER_OUTCOME: Final = timedelta(days=30)


class RangeWithoutEnd(Refusal):
    code = "monitoring.range_without_end"
    fields = ("lowest",)
    message = _("Give the lowest or the highest acceptable value, or both.")
    status = 422


class RangeReversed(Refusal):
    code = "monitoring.range_reversed"
    fields = ("highest",)
    message = _("The highest acceptable value lies below the lowest one. Exchange them.")
    status = 422


class FollowedUpAlready(Refusal):
    code = "monitoring.followed_up_already"
    message = _("This finding has its outcome already. Open the page anew to read it.")


class NoteMissing(Refusal):
    code = "monitoring.note_missing"
    fields = ("note",)
    message = _("Say what was looked at and what was found: it is kept with the outcome.")
    status = 422


@dataclass(frozen=True)
class FactorRange:
    """A factor with the range that counts now, and whether the study team has set it."""

    factor: QualityFactor
    lowest: Decimal | None
    highest: Decimal | None
    is_set: bool


@dataclass(frozen=True)
class _Seen:
    """A count that is a finding."""

    site: Site | None
    counted: SiteCount
    kind: FindingKind
    lowest: Decimal | None
    highest: Decimal | None
    owner: Role


def ranges() -> list[FactorRange]:
    """Return every factor with the range that counts now."""
    as_set = {each.factor: each for each in AcceptableRange.objects.all()}
    return [
        FactorRange(each, row.lowest, row.highest, True)
        if (row := as_set.get(each.code))
        else FactorRange(each, each.lowest, each.highest, False)
        for each in FACTORS
    ]


def work_out(*, at: datetime) -> int:
    """The counts of every site are those of now, and what lies outside is a finding; return how many were opened.

    Run again, it opens nothing new: one finding of a kind is open at a time, and none again soon after its outcome.
    Locks: nothing.
    """
    today = local_date(at, settings.TRIAL_TIME_ZONE)
    with transaction.atomic():
        sites = {site.pk: site for site in Site.objects.order_by("code")}
        counted = {each.code: _counted(each.code, today) for each in INDICATORS}
        for code, by_site in counted.items():
            _keep(code, by_site, at)
        seen = [*_outside_limits(counted, sites), *_outside_ranges(counted, sites)]
        fresh = [each for each in seen if not _is_known(each, at)]
        if fresh:
            with open_act("monitoring:finding:open", by=None, at=at):
                for each in fresh:
                    _open(each, at=at, due_on=today + DUE_WITHIN)
    return len(fresh)


def _counted(code: str, today: date) -> dict[int, SiteCount]:
    by_site = counts_of(code, today=today)
    count = sum(each[0] for each in by_site.values())
    exposure = sum((each[1] for each in by_site.values()), Decimal())
    indicator = next(each for each in INDICATORS if each.code == code)
    return {site: SiteCount(indicator, *own, count, exposure) for site, own in by_site.items()}


def _keep(code: str, by_site: dict[int, SiteCount], at: datetime) -> None:
    for site, counted in by_site.items():
        SiteIndicator.objects.update_or_create(
            site_id=site,
            indicator=code,
            defaults={
                "count": counted.count,
                "exposure": counted.exposure,
                "pooled_count": counted.pooled_count,
                "pooled_exposure": counted.pooled_exposure,
                "worked_out_at": at,
            },
        )


def _outside_limits(counted: dict[str, dict[int, SiteCount]], sites: dict[int, Site]) -> Iterator[_Seen]:
    for by_site in counted.values():
        for pk, each in by_site.items():
            if each.signal is Signal.ACTION:
                low, high = (
                    round(Decimal(each.in_unit(limit / float(each.exposure))), 2)
                    for limit in each.limits(ACTION_TAIL)
                )
                yield _Seen(sites[pk], each, FindingKind.SITE, low, high, Role.MONITOR)


def _outside_ranges(counted: dict[str, dict[int, SiteCount]], sites: dict[int, Site]) -> Iterator[_Seen]:
    """A site breaches a range by the exact limits of its value; all sites together as well."""
    for each in ranges():
        by_site = counted[each.factor.code]
        for pk, counts in [*by_site.items(), *_together(by_site)]:
            if counts.breaches(each.lowest, each.highest):
                site = sites[pk] if pk else None
                yield _Seen(site, counts, FindingKind.FACTOR, each.lowest, each.highest, each.factor.owner)


def _together(by_site: dict[int, SiteCount]) -> list[tuple[int, SiteCount]]:
    first = next(iter(by_site.values()), None)
    if first is None:
        return []
    pooled = (first.pooled_count, first.pooled_exposure)
    return [(0, SiteCount(first.indicator, *pooled, *pooled))]


def _is_known(seen: _Seen, at: datetime) -> bool:
    same = MonitoringFinding.objects.filter(
        site=seen.site, indicator=seen.counted.indicator.code, kind=seen.kind
    )
    open_now, recent = same.filter(followed_at=None), same.filter(followed_at__gt=at - QUIET_AFTER_OUTCOME)
    return open_now.exists() or recent.exists()


def _open(seen: _Seen, *, at: datetime, due_on: date) -> None:
    with open_act("monitoring:finding:open", by=None, at=at, site=seen.site) as act:
        MonitoringFinding.objects.create(
            site=seen.site,
            indicator=seen.counted.indicator.code,
            kind=seen.kind,
            seen_count=seen.counted.count,
            seen_exposure=seen.counted.exposure,
            lowest=seen.lowest,
            highest=seen.highest,
            opened_at=at,
            due_on=due_on,
            owner_role=seen.owner,
            act=act,
        )


def set_range(
    *, factor: str, lowest: Decimal | None, highest: Decimal | None, reason: str, by: User, at: datetime
) -> AcceptableRange:
    """The study team's range of a factor counts from the next night on.

    Refuses: a range without an end, or with its ends exchanged. Locks: the range.
    """
    with open_act("monitoring:range:set", by=by, at=at, reason=reason) as act:
        if lowest is None and highest is None:
            raise RangeWithoutEnd
        if lowest is not None and highest is not None and highest < lowest:
            raise RangeReversed
        values = {"lowest": lowest, "highest": highest, "set_by": by, "set_at": at, "act": act}
        row, _made = AcceptableRange.objects.select_for_update().update_or_create(
            factor=FACTOR_BY_CODE[factor].code, defaults=values
        )
    return row


def take_finding(*, finding: MonitoringFinding, by: User, at: datetime) -> MonitoringFinding:
    """The finding is ``by``'s to follow up.

    Refuses: one that has an outcome. Locks: the finding.
    """
    with open_act("monitoring:finding:take", by=by, at=at, site=finding.site) as act:
        locked = _locked(finding)
        locked.owner, locked.act = by, act
        locked.save(update_fields=["owner", "act"])
    return locked


def record_outcome(
    *, finding: MonitoringFinding, outcome: str, note: str, by: User, at: datetime
) -> MonitoringFinding:
    """It is on record who looked into the finding, when, and what was found; the task is over.

    Refuses: one that has an outcome; no note. Locks: the finding.
    """
    with open_act("monitoring:finding:follow", by=by, at=at, site=finding.site) as act:
        locked = _locked(finding)
        if not note.strip():
            raise NoteMissing
        locked.owner = locked.owner or by
        locked.outcome, locked.note, locked.followed_by, locked.followed_at = outcome, note, by, at
        locked.act = act
        locked.save(update_fields=["owner", "outcome", "note", "followed_by", "followed_at", "act"])
    return locked


def _locked(finding: MonitoringFinding) -> MonitoringFinding:
    locked: MonitoringFinding = MonitoringFinding.objects.select_for_update().get(pk=finding.pk)
    if locked.followed_at is not None:
        raise FollowedUpAlready
    return locked

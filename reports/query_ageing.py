"""Queries by age and workload: what waits for whom and for how long, and how quickly it is answered and closed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from accounts.permissions import ROLE_LABELS, Role
from crf.models import MessageKind, Query, QueryMessage, QueryState
from kernel.clock import end_of_day
from reports.completeness import percentile
from reports.quality import Report, Table
from trials.models import Site

BANDS: Final = ((0, 7), (8, 14), (15, 30), (31, None))
RECENT_DAYS: Final = 30


@dataclass
class SiteLoad:
    """The queries of one site: those that wait by their age, and what was done in the last weeks."""

    open: int = 0
    answered: int = 0
    to_review: int = 0
    ages: Counter[int] = field(default_factory=Counter)
    raised: int = 0
    closed: int = 0
    to_answer: Counter[int] = field(default_factory=Counter)
    to_close: Counter[int] = field(default_factory=Counter)

    def add(self, other: SiteLoad) -> None:
        for name in ("open", "answered", "to_review", "raised", "closed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("ages", "to_answer", "to_close"):
            getattr(self, name).update(getattr(other, name))

    @property
    def bands(self) -> tuple[int, ...]:
        """Return how many wait in each band of age."""
        return tuple(
            sum(
                number
                for days, number in self.ages.items()
                if first <= days and (last is None or days <= last)
            )
            for first, last in BANDS
        )

    @property
    def oldest(self) -> int:
        return max(self.ages, default=0)

    @property
    def waiting(self) -> tuple[int, ...]:
        return (
            self.open,
            self.answered,
            self.to_review,
            *self.bands,
            percentile(self.ages, 50),
            self.oldest,
        )

    @property
    def work(self) -> tuple[int, ...]:
        """Return what was raised and closed of late, and the median days to the first answer and to the end."""
        return (self.raised, self.closed, percentile(self.to_answer, 50), percentile(self.to_close, 50))


def loads_of(sites: QuerySet[Site], *, today: date) -> dict[str, SiteLoad]:
    """Return the load of each of the sites, those without a query too; days are those of the trial's calendar."""
    loads = {code: SiteLoad() for code in sites.order_by("code").values_list("code", flat=True)}
    queries = Query.objects.filter(site__in=sites).order_by()
    _count_waiting(loads, queries, today)
    _count_work(loads, queries, today)
    return loads


def _day(name: str) -> TruncDate:
    return TruncDate(name, tzinfo=ZoneInfo(settings.TRIAL_TIME_ZONE))


def _count_waiting(loads: Mapping[str, SiteLoad], queries: Any, today: date) -> None:
    rows = queries.living().annotate(day=_day("opened_at"))
    counted = rows.values_list("site__code", "state", "resolution", "day").annotate(n=Count("pk"))
    for code, state, resolution, day, number in counted:
        load = loads[code]
        load.ages[max(0, (today - day).days)] += number
        if state == QueryState.OPEN:
            load.open += number
        elif resolution:
            load.to_review += number
        else:
            load.answered += number


def _count_work(loads: Mapping[str, SiteLoad], queries: Any, today: date) -> None:
    before = end_of_day(today - timedelta(days=RECENT_DAYS), settings.TRIAL_TIME_ZONE)
    raised = queries.filter(opened_at__gte=before)
    for code, number in raised.values_list("site__code").annotate(n=Count("pk")):
        loads[code].raised += number
    ended = queries.filter(closed_at__gte=before).annotate(first=_day("opened_at"), last=_day("closed_at"))
    for code, first, last, number in ended.values_list("site__code", "first", "last").annotate(n=Count("pk")):
        loads[code].closed += number
        loads[code].to_close[(last - first).days] += number
    answers = QueryMessage.objects.filter(kind__in=(MessageKind.ANSWERED, MessageKind.CONFIRMED))
    earlier = answers.filter(query=OuterRef("query"), at__lt=before)
    recent = answers.filter(site__in=queries.values("site"), at__gte=before).exclude(Exists(earlier))
    rows = (
        recent.order_by().values("query", "query__site__code", "query__opened_at").annotate(first=Min("at"))
    )
    for row in rows:
        days = (row["first"] - row["query__opened_at"]).days
        loads[row["query__site__code"]].to_answer[max(0, days)] += 1


def query_report(sites: QuerySet[Site], *, today: date) -> Report:
    """Return the report: what waits by age, the work of the last weeks, and for whom it waits."""
    loads = loads_of(sites, today=today)
    total = SiteLoad()
    for load in loads.values():
        total.add(load)
    every = _("All sites")
    return Report(
        slug="queries",
        title=_("Queries: age and workload"),
        counts=_(
            "Waiting are queries that are not closed, by the days since they were raised. Work is that of the last "
            "{days} days; days to the answer and to the end are medians."
        ).format(days=RECENT_DAYS),
        nothing=_("No query was raised yet"),
        tables=(
            Table(
                _("Waiting"),
                (
                    *(_("Site"), _("Open"), _("Answered"), _("To be reviewed")),
                    *bands(),
                    *(_("Median days"), _("Oldest, days")),
                ),
                tuple((code, *load.waiting) for code, load in loads.items()),
                (every, *total.waiting),
                slug="waiting",
            ),
            Table(
                _("Work of the last {days} days").format(days=RECENT_DAYS),
                (_("Site"), _("Raised"), _("Closed"), _("Days to the answer"), _("Days to the end")),
                tuple((code, *load.work) for code, load in loads.items()),
                (every, *total.work),
                slug="work",
            ),
            _by_assignee(sites, today),
        )
        if any(load.ages or load.raised or load.closed for load in loads.values())
        else (),
    )


def bands() -> tuple[str, ...]:
    """Return the bands of age in words."""
    return tuple(
        _("over {first} days").format(first=first - 1)
        if last is None
        else _("{first} to {last} days").format(first=first, last=last)
        for first, last in BANDS
    )


def _by_assignee(sites: QuerySet[Site], today: date) -> Table:
    """Return the open queries by whom they wait for."""
    waiting = Query.objects.filter(site__in=sites, state=QueryState.OPEN).order_by()
    rows = waiting.annotate(day=_day("opened_at")).values_list(
        "site__code", "assigned_role", "assigned_to__display_name", "day"
    )
    loads: dict[tuple[str, str], SiteLoad] = defaultdict(SiteLoad)
    for code, role, name, day, number in rows.annotate(n=Count("pk")):
        who = name or (str(ROLE_LABELS[Role(role)]) if role else _("nobody in particular"))
        loads[code, who].ages[max(0, (today - day).days)] += number
    lines: tuple[tuple[str | int, ...], ...] = tuple(
        (code, who, load.ages.total(), *load.bands, load.oldest)
        for (code, who), load in sorted(loads.items())
    )
    columns = (_("Site"), _("Assigned to"), _("Open"), *bands(), _("Oldest, days"))
    return Table(_("Open queries by whom they wait for"), columns, lines, slug="by-assignee")

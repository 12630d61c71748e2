"""Accrual against plan, by site and month, with a forecast; and the screening log with its reasons (protocol 6.7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db.models import Count, Min, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from protocol.statistics.accrual import (
    DAYS_PER_MONTH,
    AccrualForecast,
    AccrualRate,
    accrual_rate,
    cumulative,
    forecast,
)
from protocol.text import newest
from reports.curves import AccrualPicture, accrual_picture
from reports.quality import Report, Table, added, share
from trials.models import Milestone, Participant, ScreeningOutcome, Site
from trials.models.participants import DeclineReason, ScreenFailureReason

RECENT_MONTHS: Final = (
    6  # the rate of the forecast is that of so many months, or since the first randomization
)
LEVEL: Final = 0.95  # of the interval of a forecast, a default of ours
LATEST: Final = 100  # lines of the screening log that the report shows
REASONS: Final = {**dict(ScreenFailureReason.choices), **dict(DeclineReason.choices)}


def accrual(sites: QuerySet[Site], *, today: date) -> Report:
    """Return the report: randomized against plan by site, by month, and when the plan is reached."""
    plan = dict(sites.order_by("code").values_list("code", "planned_participants"))
    by_site, by_month, first = _counted(sites)
    randomized, target = sum(by_site.values()), _target(plan)
    rate = _recent_rate(sites, first, today)
    expected = forecast(target - randomized, rate, today=today) if rate and target else None
    months = _months(by_month, today)
    notes = [_note_of_plan(target)]
    if rate is None or not rate.count:
        notes.append(_("There is no forecast: nobody was randomized in the last months."))
    chart = ""
    if by_month:
        sums = cumulative([number for _month, number in months])
        chart = accrual_picture(
            AccrualPicture([f"{month:%Y-%m}" for month, _n in months], sums, target, _slope(rate))
        )
    return Report(
        slug="accrual",
        title=_("Accrual"),
        counts=_(
            "Randomized participants against what the sites planned, and when the plan is reached at this rate."
        ),
        nothing=_("Nobody is randomized yet"),
        tables=(
            _by_site(plan, by_site, sites, today),
            _forecast_table(randomized, target, rate, expected),
            *([_by_month(months)] if by_month else ()),
        ),
        chart=chart,
        notes=tuple(notes),
    )


def _counted(sites: QuerySet[Site]) -> tuple[Counter[str], Counter[date], date | None]:
    rand = Milestone.objects.filter(
        site__in=sites, code="RAND", on__isnull=False, participant__arm__isnull=False
    )
    rows = rand.order_by().annotate(month=TruncMonth("on")).values_list("site__code", "month")
    by_site: Counter[str] = Counter()
    by_month: Counter[date] = Counter()
    for code, month, number in rows.annotate(n=Count("pk")):
        by_site[code] += number
        by_month[month] += number
    first: date | None = rand.order_by().aggregate(first=Min("on"))["first"]
    return by_site, by_month, first


def _target(plan: Mapping[str, int]) -> int:
    return sum(plan.values())


def _recent_rate(sites: QuerySet[Site], first: date | None, today: date) -> AccrualRate | None:
    """Return the rate of the last months, or since the first randomization where that is later."""
    if first is None:
        return None
    days = min((today - first).days, int(RECENT_MONTHS * DAYS_PER_MONTH))
    since = date.fromordinal(today.toordinal() - days)
    recent = Milestone.objects.filter(
        site__in=sites, code="RAND", on__gte=since, on__lte=today, participant__arm__isnull=False
    )
    return accrual_rate(recent.count(), days / DAYS_PER_MONTH, confidence=LEVEL)


def _slope(rate: AccrualRate | None) -> tuple[float, float, float] | None:
    return (rate.rate, rate.lower, rate.upper) if rate and rate.count else None


def _months(by_month: Mapping[date, int], today: date) -> list[tuple[date, int]]:
    """Return every month from the first randomization to today, those without one too."""
    if not by_month:
        return []
    month, months = min(by_month), []
    while month <= max(today, *by_month):
        months.append((month, by_month.get(month, 0)))
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return months


def _note_of_plan(target: int) -> str:
    sample = newest().fact("sample_size").value
    end = newest().setting("accrual_end")
    return _(
        "Planned by these sites: %(target)s; sample size of the protocol: %(sample)s. Planned end of accrual: %(end)s; "
        "without it there is no plan by month."
    ) % {"target": target, "sample": sample, "end": end or _("not set")}


def _by_site(
    plan: Mapping[str, int], by_site: Mapping[str, int], sites: QuerySet[Site], today: date
) -> Table:
    month_ago = date.fromordinal(today.toordinal() - int(DAYS_PER_MONTH))
    last = Milestone.objects.filter(
        site__in=sites, code="RAND", on__gt=month_ago, participant__arm__isnull=False
    )
    recent = dict(last.order_by().values_list("site__code").annotate(n=Count("pk")))
    rows = [(code, planned, by_site.get(code, 0), recent.get(code, 0)) for code, planned in plan.items()]
    columns = (_("Site"), _("Planned"), _("Randomized"), _("Within the last month"), _("Share of the plan"))
    shown = tuple((*row, share(row[2], row[1])) for row in rows)
    total = added(_("All sites"), [row[1:] for row in rows]) if rows else ()
    together = (*total, share(int(total[2]), int(total[1]))) if total else ()
    return Table(_("Against plan, by site"), columns, shown, together, slug="by-site")


def _forecast_table(
    randomized: int, target: int, rate: AccrualRate | None, expected: AccrualForecast | None
) -> Table:
    never = _("not reached at this rate")
    rows: list[tuple[str | int, ...]] = [(_("Still to be randomized"), max(target - randomized, 0), "")]
    if rate is not None:
        rows.append(
            (_("Participants a month"), f"{rate.rate:.1f}", f"{rate.lower:.1f} – {rate.upper:.1f}"),
        )
    if expected is not None:
        days = [
            each.isoformat() if each else never for each in (expected.day, expected.earliest, expected.latest)
        ]
        rows.append((_("Plan reached on"), days[0], f"{days[1]} – {days[2]}"))
    columns = (_("Forecast"), _("Estimate"), _("Interval (95 %)"))
    return Table(_("Forecast from the last months"), columns, tuple(rows), slug="forecast")


def _by_month(months: Sequence[tuple[date, int]]) -> Table:
    sums = cumulative([number for _month, number in months])
    rows = tuple(
        (f"{month:%Y-%m}", number, so_far) for (month, number), so_far in zip(months, sums, strict=True)
    )
    return Table(_("By month"), (_("Month"), _("Randomized"), _("Randomized so far")), rows, slug="by-month")


def screening(sites: QuerySet[Site], *, today: date) -> Report:
    """Return the report: screened, not randomized and why, by site, by criterion, and the latest of the log."""
    people = Participant.objects.filter(site__in=sites, registered_on__lte=today).order_by()
    outcomes = ScreeningOutcome.objects.filter(participant__in=people).order_by()
    registered = dict(people.values_list("site__code").annotate(n=Count("pk")))
    randomized = dict(people.filter(arm__isnull=False).values_list("site__code").annotate(n=Count("pk")))
    ended = {
        (code, declined): number
        for code, declined, number in outcomes.values_list("site__code", "declined").annotate(n=Count("pk"))
    }
    return Report(
        slug="screening",
        title=_("Screening log"),
        counts=_("Everybody registered for screening, and why somebody was not randomized."),
        nothing=_("Nobody is registered for screening yet"),
        tables=(
            _screened(sites, registered, randomized, ended),
            _reasons(outcomes),
            _criteria(outcomes),
            _log(people),
        )
        if registered
        else (),
    )


def _screened(
    sites: QuerySet[Site],
    registered: Mapping[str, int],
    randomized: Mapping[str, int],
    ended: Mapping[tuple[str, bool], int],
) -> Table:
    rows = []
    for code in sites.order_by("code").values_list("code", flat=True):
        of = (
            registered.get(code, 0),
            ended.get((code, False), 0),
            ended.get((code, True), 0),
            randomized.get(code, 0),
        )
        rows.append((code, *of, of[0] - sum(of[1:])))
    columns = (
        *(_("Site"), _("Registered"), _("Screen failure"), _("Eligible, declined"), _("Randomized")),
        _("In screening or left before"),
    )
    return Table(
        _("By site"), columns, tuple(rows), added(_("All sites"), [row[1:] for row in rows]), slug="by-site"
    )


def _reasons(outcomes: QuerySet[ScreeningOutcome]) -> Table:
    counted = outcomes.values_list("reason").annotate(n=Count("pk"))
    rows = sorted(
        ((str(REASONS.get(code, code)), number) for code, number in counted),
        key=lambda row: (-row[1], row[0]),
    )
    return Table(_("Why not randomized"), (_("Reason"), _("Participants")), tuple(rows), slug="reasons")


def _criteria(outcomes: QuerySet[ScreeningOutcome]) -> Table:
    """Count the criteria that were not met; one participant may count under several."""
    unmet: Counter[str] = Counter()
    for criteria in outcomes.exclude(criteria=[]).values_list("criteria", flat=True).iterator():
        unmet.update(str(code) for code in criteria)
    rows = tuple(sorted(unmet.items(), key=lambda row: (-row[1], row[0])))
    return Table(_("Criteria not met"), (_("Criterion"), _("Participants")), rows, slug="criteria")


def _log(people: QuerySet[Participant]) -> Table:
    latest: Iterable[tuple[Any, ...]] = people.order_by("-registered_on", "-number").values_list(
        "number", "site__code", "registered_on", "state", "screeningoutcomes__reason", "screeningoutcomes__on"
    )[:LATEST]
    rows = tuple(
        (
            number,
            site,
            registered.isoformat(),
            _outcome(state, reason),
            str(REASONS.get(reason, reason)) if reason else "",
            on.isoformat() if on else "",
        )
        for number, site, registered, state, reason, on in latest
    )
    columns = (_("Participant"), _("Site"), _("Registered"), _("Outcome"), _("Reason"), _("On"))
    title = _("The latest %(number)s of the log") % {"number": LATEST}
    return Table(title, columns, rows, slug="log")


def _outcome(state: str, reason: str | None) -> str:
    if reason:
        return _("not randomized")
    return _("in screening") if state == "SCREENED" else _("no longer in screening")

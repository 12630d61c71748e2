"""The log of deviations as a report: by site, by category, by month, and what became of proposals (protocol 3.15)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from crf.engine.base import RecordState
from crf.page.deviations import STANDING, log_form, said_of_log
from reports.quality import Report, Table, added
from trials.models import DeviationProposal, Participant, Site
from trials.models.participants import DeviationState

Row = tuple[str | int, ...]


def deviation_report(sites: QuerySet[Site]) -> Report:
    """Return the report; importance and exclusion are as they were decided centrally, and nothing is counted by arm."""
    codes = list(sites.order_by("code").values_list("code", flat=True))
    log = log_form().model.objects.filter(site__in=sites).exclude(state=RecordState.EMPTY).order_by()
    proposals = _by_outcome(sites)
    return Report(
        slug="deviations",
        title=_("Deviations"),
        counts=_(
            "Counted over the log of deviations. Importance and exclusion are those that were decided; what a rule "
            "proposes counts once somebody confirms it."
        ),
        nothing=_("No deviation is on the log, and none is proposed"),
        tables=(
            _by_site(log, codes, sites),
            _by_category(log),
            _by_month(log),
            _table_of_proposals(proposals, codes),
        )
        if proposals or log.exists()
        else (),
    )


def _columns() -> tuple[str, ...]:
    return (
        _("Deviations"),
        _("Important"),
        _("Minor"),
        _("Not decided yet"),
        _("Out of the per-protocol set"),
        _("Not closed"),
    )


def _by_site(log: Any, codes: list[str], sites: QuerySet[Site]) -> Table:
    numbers = {row[0]: row[1:] for row in log.values_list("site__code").annotate(**STANDING)}
    people = Participant.objects.filter(site__in=sites).order_by().values_list("site__code")
    everybody = dict(people.annotate(n=Count("pk")))
    affected = dict(log.values_list("site__code").annotate(n=Count("participant", distinct=True)))
    counted = {
        code: (everybody.get(code, 0), affected.get(code, 0), *numbers.get(code, (0,) * len(STANDING)))
        for code in codes
    }
    columns = (_("Site"), _("Participants"), _("With a deviation"), *_columns())
    return Table(
        _("By site"),
        columns,
        tuple((code, *row) for code, row in counted.items()),
        added(_("All sites"), list(counted.values())),
        slug="by-site",
    )


def _by_category(log: Any) -> Table:
    rows = list(log.values_list("dv_cat").annotate(**STANDING).order_by("-total", "dv_cat"))
    lines: tuple[Row, ...] = tuple(
        (said_of_log("dv_cat", category) or _("No category yet"), *numbers) for category, *numbers in rows
    )
    return Table(_("By category"), (_("Category"), *_columns()), lines, slug="by-category")


def _by_month(log: Any) -> Table:
    months = log.filter(dv_found__isnull=False).annotate(month=TruncMonth("dv_found"))
    names = ("total", "important")
    rows = months.values_list("month").annotate(**{name: STANDING[name] for name in names}).order_by("month")
    lines: tuple[Row, ...] = tuple((f"{month:%Y-%m}", *numbers) for month, *numbers in rows)
    columns = (_("Month"), _("Deviations"), _("Important"))
    return Table(_("By the month in which they were found"), columns, lines, slug="by-month")


def _by_outcome(sites: QuerySet[Site]) -> dict[str, Counter[str]]:
    """Return how many proposals of each site stand in which state."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    rows = DeviationProposal.objects.filter(site__in=sites).order_by().values_list("site__code", "state")
    for code, state, number in rows.annotate(n=Count("pk")):
        outcomes[code][state] += number
    return dict(outcomes)


def _table_of_proposals(outcomes: dict[str, Counter[str]], codes: list[str]) -> Table:
    counted = {code: [outcomes.get(code, Counter())[state] for state in DeviationState] for code in codes}
    columns = (_("Site"), *(str(state.label) for state in DeviationState))
    return Table(
        _("What rules proposed, and what became of it"),
        columns,
        tuple((code, *row) for code, row in counted.items()),
        added(_("All sites"), list(counted.values())),
        slug="proposals",
    )

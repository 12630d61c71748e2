"""Visit adherence as one of the reports: the same counts as on its page (protocol 6.7)."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from followup.adherence import NUMBERS, VisitAdherence, adherence_of, together
from followup.models import Visit
from reports.overdue_states import overdue_states_by_site
from reports.plots import shares
from reports.quality import Report, Table
from reports.unfinished_forms import overdue_forms_by_site
from trials.models import Site


def visits_kept(sites: QuerySet[Site], *, today: date) -> Report:
    """Return the report: visits by visit and by site, early, in, late, not done or missed; overdue states and forms."""
    kept = adherence_of(Visit.objects.filter(site__in=sites))
    rows, places = kept.by_visit, kept.by_site
    return Report(
        slug="visits",
        title=_("Visit adherence"),
        counts=_("Counted over visits that took place and visits whose window has passed."),
        nothing=_("No window has passed yet"),
        tables=(
            _table(_("By visit"), _("Visit"), "by-visit", rows),
            _table(_("By site"), _("Site"), "by-site", places),
            overdue_states_by_site(sites, today=today),
            overdue_forms_by_site(sites, today=today),
        )
        if rows
        else (),
        chart=shares(
            [(place.label, place.inside, place.asked) for place in places],
            title=_("Share in the window, by site"),
        ),
    )


def _table(title: str, first: str, slug: str, rows: list[VisitAdherence]) -> Table:
    columns = (
        *(
            first,
            _("Visits asked for"),
            _("Early"),
            _("In the window"),
            _("Late"),
            _("Not done"),
            _("Overdue"),
        ),
        *(_("Missed"), _("Share in the window")),
    )
    total = _row(together(rows, _("All visits")))
    return Table(title, columns, tuple(_row(kept) for kept in rows), total, slug=slug)


def _row(kept: VisitAdherence) -> tuple[str | int, ...]:
    percent = "–" if kept.percent_inside is None else f"{kept.percent_inside} %"
    return (kept.label, kept.asked, *(getattr(kept, name) for name in NUMBERS), percent)

"""Forms that visits expect and that are not complete, the longest overdue first (protocol 2.2, 2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Min, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crf import catalogue
from crf.models import UNFILLED, ExpectedForm, FilledBy
from crf.page.way import address_of_expected
from followup.history import text_for
from followup.wording import visit_name
from reports.quality import Table
from trials.models import Site

SORTED = {
    "participant": ("participant__number", "due_on", "pk"),
    "visit": ("visit_code", "due_on", "pk"),
    "took-place": ("took_place_on", "pk"),
    "form": ("form_code", "due_on", "pk"),
    "due": ("due_on", "pk"),
}


@dataclass(frozen=True)
class UnfinishedForm:
    """A form that a visit expects: by when, how far it has come, and where it is filled."""

    expected: ExpectedForm
    name: str
    title: str
    href: str
    state: str
    days_late: int

    @property
    def code(self) -> str:
        return self.expected.form_code

    @property
    def visit_href(self) -> str:
        """Return the address of the visit."""
        visit = self.expected.visit
        visit.participant = self.expected.participant
        return visit.get_absolute_url()

    @property
    def is_log(self) -> bool:
        return self.expected.filled_by == FilledBy.LOG

    @property
    def is_unfilled(self) -> bool:
        return self.expected.state in UNFILLED

    @property
    def lateness(self) -> str:
        """Return how late it is, such as "12 days late"; empty while it is not."""
        if not self.days_late:
            return ""
        return ngettext("%(days)s day late", "%(days)s days late", self.days_late) % {"days": self.days_late}

    @property
    def place(self) -> str:
        """Return which form of which visit it is, for a work list."""
        return f"{self.expected.visit_code} · {self.code} · {self.title}"


def lines_of(expected: Iterable[ExpectedForm], *, today: date) -> list[UnfinishedForm]:
    """Return the forms of a page; each carries its participant and its visit."""
    return [
        UnfinishedForm(
            each,
            visit_name(text_for(each.participant), each.visit),
            str(catalogue.form(each.form_code).title),
            address_of_expected(each),
            each.state_on(today),
            (today - each.due_on).days if each.is_overdue(on=today) else 0,
        )
        for each in expected
    ]


def codes() -> list[tuple[str, str]]:
    """Return the forms by which the page is narrowed."""
    return [(form.code, str(form.title)) for form in catalogue.forms().values()]


def overdue_forms_by_site(sites: QuerySet[Site], *, today: date) -> Table:
    """Return the table of a report: how many forms are overdue at each site, and for how many days the longest."""
    late = ExpectedForm.objects.filter(site__in=sites).overdue(on=today).order_by()
    counted = late.values("site__code").annotate(n=Count("pk"), first=Min("due_on")).order_by("site__code")
    rows = tuple((row["site__code"], row["n"], (today - row["first"]).days) for row in counted)
    total = (_("All sites"), sum(row[1] for row in rows), max((row[2] for row in rows), default=0))
    return Table(
        _("Overdue forms"),
        (_("Site"), _("Forms"), _("Days late, at most")),
        rows,
        total if rows else (),
        slug="overdue-forms",
    )

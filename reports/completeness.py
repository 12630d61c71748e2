"""Completeness of the forms that visits expect: by site, visit and form, by month, and days from visit to entry."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.base import COMPLETED, RecordState
from crf.models import CellCount, ExpectedForm, MonthCount, Query, RecordSignature, RecordVerification
from protocol.text import load, versions
from reports.plots import shares
from reports.quality import Report, Table

MEASURES: Final[dict[str, Promise]] = {
    "complete": gettext_lazy("Complete"),
    "entered": gettext_lazy("Entered"),
    "overdue": gettext_lazy("Overdue"),
    "queried": gettext_lazy("With open queries"),
    "verified": gettext_lazy("Verified"),
    "signed": gettext_lazy("Signed"),
    "locked": gettext_lazy("Locked"),
}
OF_STATE: Final = {
    RecordState.IN_PROGRESS: ("entered",),
    RecordState.COMPLETE: ("entered", "complete"),
    RecordState.VERIFIED: ("entered", "complete", "verified"),
    RecordState.SIGNED: ("entered", "complete", "signed"),
    RecordState.LOCKED: ("entered", "complete", "locked"),
}
BEYOND: Final = (RecordState.SIGNED, RecordState.LOCKED)
"""States that say no more whether a form is verified, and the last of them whether it is signed: asked of each."""
UNWANTED: Final = frozenset({"overdue", "queried"})
FEW, MANY = 10, 90  # percent, from which a cell is drawn as good or bad
MONTHS_SHOWN: Final = 12
QUARTILES: Final = (25, 50, 75)
Place = tuple[str, str, str]


@dataclass
class CellSum:
    """What of one site, visit and form is expected, and how far it is."""

    expected: int = 0
    numbers: Counter[str] = field(default_factory=Counter)

    def add(self, other: CellSum) -> None:
        self.expected += other.expected
        self.numbers.update(other.numbers)

    @property
    def row(self) -> tuple[int, ...]:
        """Return what is expected, then every measure in its order."""
        return (self.expected, *(self.numbers[name] for name in MEASURES))


Cells = dict[Place, CellSum]


def cells_of(user: User, *, today: date, site: str = "") -> Cells:
    """Return the cells of the sites that the person may see, or of one."""
    cells: Cells = defaultdict(CellSum)
    here = {"site__code": site} if site else {}
    keys = ("site__code", "visit_code", "form_code")
    counted = CellCount.objects.open_to(user, Permission.CRF_VIEW).filter(**here).order_by()
    for code, visit, form, state, number in counted.values_list(*keys, "state").annotate(n=Sum("number")):
        if state in RecordState.values and number:
            cell = cells[code, visit, form]
            cell.expected += number
            cell.numbers.update(dict.fromkeys(OF_STATE.get(RecordState(state), ()), number))
    forms = ExpectedForm.objects.open_to(user, Permission.CRF_VIEW).filter(**here).order_by()
    also = {
        "overdue": forms.overdue(on=today),
        "queried": queried(forms),
        "verified": _verified(forms.filter(state__in=BEYOND)),
        "signed": _signed(forms.filter(state=RecordState.LOCKED)),
    }
    for measure, rows in also.items():
        for code, visit, form, number in rows.values_list(*keys).annotate(n=Count("pk")):
            cells[code, visit, form].numbers[measure] += number
    return dict(cells)


def queried(forms: Any) -> Any:
    """Narrow to the expected forms whose record has a query that is not closed."""
    return forms.filter(record__in=Query.objects.living().filter(record__isnull=False).values("record"))


def _verified(forms: Any) -> Any:
    """Narrow to the expected forms of which everything that the plan requires is verified."""
    rows = RecordVerification.objects.filter(required__gt=0, left=0)
    return forms.filter(record__in=rows.values("pk"))


def _signed(forms: Any) -> Any:
    """Narrow to the expected forms under whose record a signature stands."""
    return forms.filter(record__in=RecordSignature.objects.filter(fell_at=None).values("record"))


def narrowed(forms: Any, measure: str, *, today: date) -> Any:
    """Narrow to the expected forms that a measure counts."""
    states = [state for state, names in OF_STATE.items() if measure in names]
    if measure == "overdue":
        return forms.overdue(on=today)
    if measure == "queried":
        return queried(forms)
    if measure == "verified":
        return _verified(forms.filter(state__in=(*states, *BEYOND)))
    if measure == "signed":
        return _signed(forms.filter(state__in=(*states, RecordState.LOCKED)))
    return forms.filter(state__in=states) if states else forms


@dataclass(frozen=True)
class HeatCell:
    """One visit and form: how many of how many, how good that is, and the list behind it."""

    part: int
    whole: int
    tone: str
    href: str
    about: str


@dataclass(frozen=True)
class HeatRow:
    """One visit with a cell, or nothing, for each form of the header."""

    visit: str
    cells: tuple[HeatCell | None, ...]


@dataclass(frozen=True)
class HeatMap:
    """Visits down in the order of the schedule, forms across in that of the catalogue."""

    forms: tuple[tuple[str, str], ...]
    rows: tuple[HeatRow, ...]


def heat_map(cells: Mapping[Place, CellSum], *, measure: str, site: str) -> HeatMap:
    """Return one measure of every visit and form, over the sites together."""
    together: dict[tuple[str, str], CellSum] = defaultdict(CellSum)
    for (_site, visit, form), cell in cells.items():
        together[visit, form].add(cell)
    forms = [form for form in catalogue.forms().values() if any(code == form.code for _v, code in together)]
    rows = [
        HeatRow(
            visit,
            tuple(
                _heat_cell(together.get((visit, form.code)), visit, form.code, measure, site)
                for form in forms
            ),
        )
        for visit in sorted({visit for visit, _form in together}, key=_in_schedule)
    ]
    return HeatMap(tuple((form.code, str(form.title)) for form in forms), tuple(rows))


def site_map(user: User) -> HeatMap:
    """Return how much of each form is complete at each site, in one question."""
    cells: dict[tuple[str, str], CellSum] = defaultdict(CellSum)
    counted = CellCount.objects.open_to(user, Permission.CRF_VIEW).order_by()
    rows = counted.values_list("site__code", "form_code", "state").annotate(n=Sum("number"))
    for site, form, state, number in rows:
        if state in RecordState.values and number:
            cells[site, form].expected += number
            cells[site, form].numbers.update(dict.fromkeys(OF_STATE.get(RecordState(state), ()), number))
    forms = [form for form in catalogue.forms().values() if any(code == form.code for _site, code in cells)]
    return HeatMap(
        tuple((form.code, str(form.title)) for form in forms),
        tuple(
            HeatRow(
                site,
                tuple(_site_cell(cells.get((site, form.code)), site, form.code) for form in forms),
            )
            for site in sorted({site for site, _form in cells})
        ),
    )


def _site_cell(cell: CellSum | None, site: str, form: str) -> HeatCell | None:
    """Return one form at one site; it leads to what is still to be filled in there."""
    drawn = _heat_cell(cell, site, form, "complete", site)
    asked = urlencode({"site": site, "form": form})
    return drawn and replace(drawn, href=f"{reverse('reports:unfinished-forms')}?{asked}")


def _in_schedule(code: str) -> tuple[int, str]:
    order = list(dict.fromkeys(rule.code for rule in load(versions()[-1]).visits))
    return (order.index(code) if code in order else len(order), code)


def _heat_cell(cell: CellSum | None, visit: str, form: str, measure: str, site: str) -> HeatCell | None:
    if cell is None or not cell.expected:
        return None
    part, whole = cell.numbers[measure], cell.expected
    asked = {"visit": visit, "form": form, "site": site, "show": measure}
    href = f"{reverse('reports:completeness-forms')}?{urlencode({k: v for k, v in asked.items() if v})}"
    about = _("%(visit)s, %(form)s: %(part)s of %(whole)s") % {
        "visit": visit,
        "form": form,
        "part": part,
        "whole": whole,
    }
    return HeatCell(part, whole, _tone(part, whole, measure), href, about)


def _tone(part: int, whole: int, measure: str) -> str:
    percent = 100 * part / whole
    if measure in UNWANTED:
        return "ok" if not part else "stop" if percent > FEW else "warn"
    return "ok" if percent >= MANY else "neutral" if not part else "progress"


def completeness_report(
    user: User, cells: Mapping[Place, CellSum], *, site: str, sites: Iterable[str]
) -> Report:
    """Return the tables beside the heat map: by site, by month of the visit, and days from visit to entry."""
    by_site = {code: CellSum() for code in sites}
    for (code, _visit, _form), cell in cells.items():
        by_site[code].add(cell)
    months = month_counts(user, site=site)
    trend = _by_month(months)
    return Report(
        slug="completeness",
        title=_("Completeness"),
        counts=_("Counted over the forms that visits which took place expect."),
        nothing=_("No form is expected yet"),
        tables=(
            Table(
                _("By site"),
                (_("Site"), *_measures()),
                tuple((code, *cell.row) for code, cell in sorted(by_site.items())),
                (_("All sites"), *_sum(by_site.values()).row),
                slug="by-site",
            ),
            Table(
                _("By month of the visit"),
                (_("Month"), pgettext("completeness", "Expected"), _("Entered"), _("Complete")),
                trend,
                slug="by-month",
            ),
            _days_to_entry(months),
        )
        if cells
        else (),
        chart=shares(
            [(str(month), int(done), int(asked)) for month, asked, _entered, done in trend[-MONTHS_SHOWN:]],
            title=_("Share that is complete, by month of the visit"),
        ),
        notes=(
            _(
                "A form counts under every step that it has taken: one that is locked also as complete, and as "
                "verified and signed where it is. Logs are complete once they are up to date; days to entry are "
                "those of forms that belong to one visit."
            ),
        ),
    )


def month_counts(user: User, *, site: str = "") -> QuerySet[MonthCount]:
    """Return what is counted by month of the visit, of the sites that the person may see, or of one."""
    counted = MonthCount.objects.open_to(user, Permission.CRF_VIEW).exclude(state="waived").order_by()
    rows: QuerySet[MonthCount] = counted.filter(site__code=site) if site else counted
    return rows


def _measures() -> tuple[str, ...]:
    return (pgettext("completeness", "Expected"), *(str(label) for label in MEASURES.values()))


def _sum(cells: Iterable[CellSum]) -> CellSum:
    total = CellSum()
    for cell in cells:
        total.add(cell)
    return total


TREND: Final = ("expected", "entered", "complete")


def by_site_and_month(months: QuerySet[MonthCount]) -> dict[tuple[str, str], Counter[str]]:
    """Return how many forms of the visits of each site and month are expected, entered and complete."""
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    rows = months.values_list("site__code", "month", "state").annotate(n=Sum("number"))
    for code, month, state, number in rows:
        numbers = counted[code, f"{month:%Y-%m}"]
        numbers["expected"] += number
        numbers["entered"] += number if state != RecordState.EMPTY else 0
        numbers["complete"] += number if state in COMPLETED else 0
    return {place: numbers for place, numbers in sorted(counted.items()) if numbers["expected"]}


def _by_month(months: QuerySet[MonthCount]) -> tuple[tuple[str, int, int, int], ...]:
    together: dict[str, Counter[str]] = defaultdict(Counter)
    for (_site, month), numbers in by_site_and_month(months).items():
        together[month].update(numbers)
    return tuple(
        (month, *(numbers[name] for name in TREND))  # type: ignore[misc]
        for month, numbers in sorted(together.items())
    )


def days_to_entry(months: QuerySet[MonthCount]) -> dict[str, Counter[int]]:
    """Return for each site how many forms were entered how many days after their visit."""
    counters: dict[str, Counter[int]] = defaultdict(Counter)
    rows = months.filter(days__isnull=False).values_list("site__code", "days").annotate(n=Sum("number"))
    for code, days, number in rows:
        counters[code][days] += number
    return dict(sorted(counters.items()))


def _days_to_entry(months: QuerySet[MonthCount]) -> Table:
    """Return the median and quartiles of each site: the smallest number of days that so many reach."""
    counters = days_to_entry(months)
    together: Counter[int] = Counter()
    for counter in counters.values():
        together.update(counter)
    lines = [_entry_line(code, counter) for code, counter in counters.items()]
    columns = (_("Site"), _("Forms entered"), _("First quartile"), _("Median"), _("Third quartile"))
    total = _entry_line(_("All sites"), together) if lines else ()
    return Table(_("Days from visit to entry"), columns, tuple(lines), total, slug="days-to-entry")


def _entry_line(label: str, days: Counter[int]) -> tuple[str | int, ...]:
    return (label, sum(days.values()), *(percentile(days, share) for share in QUARTILES))


def percentile(days: Mapping[int, int], percent: int) -> int:
    """Return the smallest number of days that at least ``percent`` of the forms do not exceed."""
    needed, reached = percent * sum(days.values()), 0
    for day in sorted(days):
        reached += days[day]
        if 100 * reached >= needed:
            return day
    return 0


def listing(cells: Mapping[Place, CellSum]) -> Report:
    """Return every cell as one table: what a file and a program read."""
    columns = (_("Site"), _("Visit"), _("Form"), *_measures())
    ordered = sorted(cells.items(), key=lambda each: (each[0][0], _in_schedule(each[0][1]), each[0][2]))
    rows: tuple[tuple[str | int, ...], ...] = tuple(
        (*place, *cell.row) for place, cell in ordered if cell.expected
    )
    table = Table(_("Completeness"), columns, rows, slug="completeness")
    return Report("completeness", _("Completeness"), "", _("No form is expected yet"), (table,))

"""What is left to verify against source: by site, visit and form, by participant, and record by record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.models import RecordVerification
from crf.page.editor import address
from crf.store.records import key_of_record
from reports.quality import Report, Table, added

NUMBERS: Final = ("required", "left", "critical", "critical_left")
Place = tuple[str, str, str]
Numbers = tuple[int, ...]


def verifications_for(user: User, chosen: Mapping[str, str]) -> Any:
    """Return what the person may see of what is left, narrowed by site, visit, form and participant."""
    readable = [
        form.code
        for form in catalogue.forms().values()
        if form.seen_by == Permission.CRF_VIEW or user.may(form.seen_by)
    ]
    columns = {
        "site": "site__code",
        "visit": "visit_code",
        "form": "form_code",
        "participant": "participant__number",
    }
    here = {column: chosen[name] for name, column in columns.items() if chosen.get(name)}
    rows = RecordVerification.objects.open_to(user, Permission.CRF_VIEW)
    return rows.filter(form_code__in=readable, **here)


def cells_of(rows: Any) -> dict[Place, Numbers]:
    """Return the sums of every site, visit and form of which something is to verify."""
    keys = ("site__code", "visit_code", "form_code")
    summed = rows.order_by().values_list(*keys).annotate(**{f"sum_{name}": Sum(name) for name in NUMBERS})
    return {(site, visit, form): tuple(numbers) for site, visit, form, *numbers in summed if numbers[0]}


def verification_report(cells: Mapping[Place, Numbers]) -> Report:
    """Return the tables by site, by visit and by form."""
    tables = tuple(
        Table(title, (label, *_columns()), _by(cells, part), _total(cells), slug=slug)
        for part, (slug, title, label) in enumerate(
            (
                ("by-site", _("By site"), _("Site")),
                ("by-visit", _("By visit"), _("Visit")),
                ("by-form", _("By form"), _("Form")),
            )
        )
    )
    title = _("Source verification")
    return Report("verification", title, "", _("Nothing is to be verified yet"), tables if cells else ())


def _columns() -> tuple[str, ...]:
    return (_("Fields to verify"), _("Left"), _("Critical fields"), _("Critical fields left"))


def _by(cells: Mapping[Place, Numbers], part: int) -> tuple[tuple[str | int, ...], ...]:
    grouped: dict[str, list[Numbers]] = defaultdict(list)
    for place, numbers in cells.items():
        grouped[place[part]].append(numbers)
    order = list(catalogue.forms()) if part == 2 else sorted(grouped)
    return tuple(added(key or _("no visit"), grouped[key]) for key in order if key in grouped)


def _total(cells: Mapping[Place, Numbers]) -> tuple[str | int, ...]:
    return added(_("All together"), list(cells.values())) if cells else ()


def listing(cells: Mapping[Place, Numbers]) -> Report:
    """Return every cell as one table: what a file and a program read."""
    columns = (_("Site"), _("Visit"), _("Form"), *_columns())
    rows: tuple[tuple[str | int, ...], ...] = tuple((*place, *cells[place]) for place in sorted(cells))
    table = Table(_("Source verification"), columns, rows, slug="verification")
    return Report("verification", table.title, "", _("Nothing is to be verified yet"), (table,))


@dataclass(frozen=True)
class LeftLine:
    """A record with fields left to verify, and where that is done."""

    record: int
    number: str
    site: str
    visit: str
    form: str
    left: int
    critical_left: int
    href: str


def lines_of(rows: Iterable[RecordVerification]) -> list[LeftLine]:
    """Return the lines of records with fields left."""
    return [_line(row) for row in rows]


def _line(row: RecordVerification) -> LeftLine:
    record = row.record
    place = key_of_record(catalogue.forms()[row.form_code], record)
    form = place.form
    return LeftLine(
        record.pk,
        record.participant.number,
        record.participant.site.code,
        str(record.visit or ""),
        f"{form.code} · {form.title}" + (f" {record.sequence}" if record.sequence > 1 else ""),
        row.left,
        row.critical_left,
        address("verify", place),
    )

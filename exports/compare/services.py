"""A comparison of two cuts leaves as a file; that it was taken, and what for, is on record."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import record_act
from audit.models import Act
from crf import catalogue
from exports.compare.changes import KEYS, ChangedRow, ComparedScope, CutChange, changes_between
from exports.kept_cuts.services import cut_named, cut_of
from exports.models import KeptCut
from exports.services import refuse_odd_purpose
from exports.writing import BOM
from kernel.clock import with_offset
from kernel.errors import Refusal
from kernel.files import digest_of_file, make_own_file
from kernel.scope import EVERYTHING, scope

COMMON: Final = "-"  # in place of a form: the tables that every export holds
HEADER: Final = (
    "FILE", *KEYS, "CHANGE", "VARIABLE", "LABEL", "BEFORE", "AFTER", "ACT", "VERB", "ACTED_AT", "STORED_AT",
    "ACTED_BY", "ROLE", "REASON",
)  # fmt: skip


class OneCutTwice(Refusal):
    code = "exports.one_cut_twice"
    fields = ("after",)
    message = _("Choose two cuts: “{name}” compared with itself has no difference.")
    status = 422


class ComparisonManifest(TypedDict):
    """What a comparison of two cuts says of itself."""

    file: str
    rows: int
    sha256: str
    columns: list[str]
    before: dict[str, str]
    after: dict[str, str]
    forms: list[str]
    sites: list[str]
    taken_by: str
    purpose: str


def two_cuts(before: str, after: str) -> tuple[KeptCut, KeptCut]:
    """Return the two cuts with these names, the earlier one first.

    Refuses: a name that no cut bears; the same name twice.
    """
    first, second = cut_named(before), cut_named(after)
    if first.pk == second.pk:
        raise OneCutTwice(name=before)
    return (first, second) if first.cut_at <= second.cut_at else (second, first)


def scope_of(*, form: str, sites: list[str], by: User) -> ComparedScope:
    """Return what is compared: one form, the common tables, or everything; without the arm for who may not see it."""
    codes = {"": list(catalogue.forms()), COMMON: []}.get(form, [form])
    return ComparedScope(
        forms=[catalogue.form(code) for code in codes],
        sites=sites,
        with_common=form in ("", COMMON),
        with_arm=by.sites_with(Permission.ALLOCATION_LIST) is None,
    )


@transaction.atomic
def changed_rows(
    before: KeptCut, after: KeptCut, what: ComparedScope, *, first: int, number: int
) -> list[ChangedRow]:
    """Return some of the rows that differ, as the system reads them: the same that an export of the cuts holds."""
    with scope(user_id=None, sites=EVERYTHING):
        rows = changes_between(cut_of(before), cut_of(after), what)
        for _passed in range(first):
            if next(rows, None) is None:
                return []
        page = [row for _place, row in zip(range(number), rows, strict=False)]
        rows.close()
    return page


def take_comparison(
    *, path: Path, before: str, after: str, form: str, sites: list[str], purpose: str, by: User, at: datetime
) -> ComparisonManifest:
    """The comparison of two cuts stands in the file, and who took it and what for is on record.

    Refuses: no purpose; a cut that does not exist; the same cut twice.
    """
    with transaction.atomic():
        refuse_odd_purpose(purpose)
        first, second = two_cuts(before, after)
        what = scope_of(form=form, sites=sites, by=by)
        record_act("exports:comparison:take", by=by, at=at, reason=f"{first.name} → {second.name}: {purpose}")
        make_own_file(path)
        with scope(user_id=None, sites=EVERYTHING), path.open("w", encoding="utf-8", newline="") as target:
            target.write(BOM.decode())
            number = _write(target, changes_between(cut_of(first), cut_of(second), what))
    return ComparisonManifest(
        file=path.name,
        rows=number,
        sha256=digest_of_file(path),
        columns=list(HEADER),
        before=_said(first),
        after=_said(second),
        forms=[each.code for each in what.forms],
        sites=sites,
        taken_by=by.username,
        purpose=purpose,
    )


def _said(kept: KeptCut) -> dict[str, str]:
    return {"cut": kept.name, "data_as_of": _local(kept.cut_at), "read_by": kept.read_by}


def _write(target: object, rows: Iterable[ChangedRow]) -> int:
    writer = csv.writer(target, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerow(HEADER)
    number = 0
    for row in rows:
        for line in _lines(row):
            writer.writerow(line)
            number += 1
    return number


def _lines(row: ChangedRow) -> Iterator[list[str]]:
    """Yield a line for a row that was added or removed, and one for each of the fields of every row."""
    place = [row.file, *(row.keys.get(name, "") for name in KEYS)]
    if row.change != CutChange.ROW_CHANGED:
        yield [*place, row.change, "", "", "", "", *_act(row.act), row.reason]
    for each in row.fields:
        said = [each.column.header, str(each.column.label), each.before, each.after]
        yield [*place, each.change, *said, *_act(each.act), each.reason]


def _act(act: Act | None) -> list[str]:
    if act is None:
        return [""] * 6
    who = act.by.username if act.by else "system"
    return [str(act.pk), act.verb, _local(act.at), _local(act.stored_at), who, act.role]


def _local(at: datetime) -> str:
    return with_offset(at, settings.TRIAL_TIME_ZONE)

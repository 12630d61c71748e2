"""The files of an export, narrowed to what was selected: rows by SQL, columns by what they tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext_lazy as _

from crf.models import Record
from crf.queries.sparing import spared_words
from exports.cuts import Cut
from exports.listed.catalogue import BY_NAME
from exports.masking import KEPT_FORMS, Tells, kept_visits
from exports.models import ArmShown
from exports.selected.selection import WITHOUT_VALUE, ColumnFilter, Selection, TableView
from exports.tables import Column, File
from followup.models import Visit
from kernel.errors import Refusal
from protocol.deviations import NAME_OF_AN_ARM, names_an_arm
from trials.models import Participant

LEFT_OUT_WHEN: Final = {
    ArmShown.ABSENT.value: frozenset({Tells.ARM}),
    ArmShown.MASKED.value: frozenset({Tells.ARM, Tells.COURSE, Tells.WORDS}),
}
SAYS_ARM: Final = "ARM"  # the columns that say it as A or B where it is masked


class RowsCountedByArm(Refusal):
    code = "exports.rows_counted_by_arm"
    fields = ("columns",)
    message = _(
        "Rows are not kept or sorted by {name}: they would be counted by the arm, and nobody would know that it was "
        "looked at. Take the whole table in an export, which is on record."
    )
    status = 422


@dataclass(frozen=True)
class NarrowedFile:
    """One file of a selection: None where it is left out whole; what narrows its rows, and columns left out."""

    name: str
    file: File | None
    narrowed_by: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def narrowed(file: File, chosen: Selection, cut: Cut, *, arm_a: str = "") -> NarrowedFile:
    """Return the file as the selection has it. ``arm_a`` is the arm that is called A where the arm is masked."""
    if chosen.arm == ArmShown.MASKED and not leaves_masked(file):
        return NarrowedFile(file.name, None)
    columns, left_out = _columns(file, chosen, arm_a)
    is_listed = chosen.arm == ArmShown.ABSENT or chosen.view is not None
    spared = bool(file.says_arm) and is_listed
    if is_listed:
        file, columns = without_rows_of_arm(file), sparing_values(columns)
    conditions = dict(_conditions(file, chosen, cut))
    own, counted = (
        [each.replace("{row}", row) for each in conditions.values()] for row in (file.keys.alias, "t")
    )
    made = replace(
        file,
        columns=columns,
        source=" AND ".join((file.source, *own)),
        counted=" AND ".join((file.counted, *counted)),
        one_by_one="" if own else file.one_by_one,
    )
    if chosen.view and chosen.view.file == file.name:
        made = as_seen(_without_names(made) if chosen.arm == ArmShown.ABSENT else made, chosen.view)
        conditions["view"] = ""
    if spared:
        conditions["arm"] = ""
    return NarrowedFile(file.name, made, tuple(conditions), tuple(left_out))


def without_rows_of_arm(file: File) -> File:
    """Return the file without its rows that say the arm: as it leaves without the arm, and as a page shows it
    (ADR 55).
    """
    if not file.says_arm:
        return file
    own, counted = (file.says_arm.replace("{row}", row) for row in (file.keys.alias, "t"))
    return replace(
        file,
        source=f"{file.source} AND NOT {own}",
        counted=f"{file.counted} AND NOT {counted}",
        says_arm="",
        one_by_one="",
    )


def sparing_values(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return the columns without single values that would tell the arm."""
    return tuple(replace(each, sql=each.spared) if each.spared else each for each in columns)


def _without_names(file: File) -> File:
    """Return the file with nothing that people typed where it names an arm, as deviations and queries are listed."""
    spared, name = (
        spared_words().replace("'", "''").replace("%", "%%"),
        NAME_OF_AN_ARM.pattern.replace(r"\b", r"\y"),
    )
    return replace(
        file,
        columns=tuple(
            replace(
                each,
                sql=f"CASE WHEN ({each.sql})::text ~* '{name}' THEN '{spared}' ELSE ({each.sql})::text END",
            )
            if each.tells == Tells.WORDS
            else each
            for each in file.columns
        ),
    )


def as_it_leaves(file: File, arm: str) -> File:
    """Return the file with the columns that leave where the arm is shown, masked or absent."""
    return replace(file, columns=_columns(file, Selection(arm=arm), "")[0])


def refuse_counting_by_arm(view: TableView, file: File) -> None:
    """Refuse a view that keeps or sorts rows by the arm: a page counts them, and so does the register of exports."""
    telling = {column.header for column in file.columns if column.tells == Tells.ARM}
    for name in (*(each.column for each in view.filters), *(name.lstrip("-") for name in view.order)):
        if name in telling:
            raise RowsCountedByArm(name=name)
    for each in view.filters:
        if names_an_arm(each.value):
            raise RowsCountedByArm(name=each.column)


def leaves_masked(file: File) -> bool:
    """Say whether the file leaves where the arm is masked."""
    return file.form in KEPT_FORMS if file.form else BY_NAME[file.name].when_masked


def stays_behind(column: Column) -> bool:
    """Say whether the column stays behind where the arm is masked; the one that says the arm says A or B."""
    return column.tells in LEFT_OUT_WHEN[ArmShown.MASKED.value] and not _says_arm(column)


def _says_arm(column: Column) -> bool:
    return column.tells == Tells.ARM and column.header == SAYS_ARM


def _columns(file: File, chosen: Selection, arm_a: str) -> tuple[tuple[Column, ...], list[str]]:
    left_out_when = LEFT_OUT_WHEN.get(chosen.arm, frozenset())
    columns, left_out = [], []
    for column in file.columns:
        if chosen.arm == ArmShown.MASKED and _says_arm(column):
            masked = f"CASE WHEN {column.sql} = '{arm_a}' THEN 'A' WHEN {column.sql} IS NOT NULL THEN 'B' END"
            columns.append(replace(column, sql=masked, codes={"A": "A", "B": "B"}))
        elif column.tells in left_out_when:
            left_out.append(column.header)
        else:
            columns.append(column)
    return tuple(columns), left_out


def _conditions(file: File, chosen: Selection, cut: Cut) -> Iterator[tuple[str, str]]:
    """Yield what narrows the rows of the file, each by name, with a place for the name of the row."""
    keys = file.keys
    people = f"SELECT p.id FROM {cut.rows(Participant)} p WHERE p.number = ANY(%(participants)s)"  # noqa: S608
    visits = f"SELECT v.id FROM {cut.rows(Visit)} v WHERE v.code = ANY(%(visits)s)"  # noqa: S608
    acts = _acts_of_days(chosen)
    if chosen.participants and keys.participant:
        yield "participants", f"{{row}}.{keys.participant} IN ({people})"
    elif chosen.participants and keys.record:
        yield "participants", _of_records(file, f"x.participant_id IN ({people})", cut)
    if chosen.visits and keys.visit:
        yield "visits", f"{{row}}.{keys.visit} IN ({visits})"
    elif chosen.visits and keys.record:
        yield "visits", _of_records(file, f"x.visit_id IN ({visits})", cut)
    if chosen.states and file.form:
        yield "states", _of_records(file, "x.state = ANY(%(states)s)", cut)
    if acts and keys.act:
        yield "days", f"{{row}}.{keys.act} IN ({acts})"
    elif acts and keys.record:
        yield "days", _of_records(file, f"x.act_id IN ({acts})", cut)
    if chosen.arm == ArmShown.MASKED:
        yield from _unmasked_by_nothing(file, cut)


def _unmasked_by_nothing(file: File, cut: Cut) -> Iterator[tuple[str, str]]:
    """Yield what keeps rows out of a masked file by their visit or by the form that they tell of."""
    keys, codes = file.keys, ", ".join(f"'{code}'" for code in kept_visits())
    kept = f"SELECT v.id FROM {cut.rows(Visit)} v WHERE v.code IN ({codes})"  # noqa: S608
    if keys.visit:
        yield "arm", f"({{row}}.{keys.visit} IS NULL OR {{row}}.{keys.visit} IN ({kept}))"
    elif keys.record:
        forms = ", ".join(f"'{code}'" for code in KEPT_FORMS)
        at_kept = f"(x.visit_id IS NULL OR x.visit_id IN ({kept}))"
        yield "arm", _of_records(file, f"{at_kept} AND x.form_code IN ({forms})", cut)


def _of_records(file: File, which: str, cut: Cut) -> str:
    records = cut.rows(Record, f"e.form_code = '{file.form}'" if file.form else "true")
    return f"{{row}}.{file.keys.record} IN (SELECT x.id FROM {records} x WHERE {which})"  # noqa: S608 (declared)


def _acts_of_days(chosen: Selection) -> str:
    asked = [
        *(["w.at >= %(since)s"] if chosen.since else []),
        *(["w.at < %(until)s"] if chosen.until else []),
    ]
    return f"SELECT w.id FROM audit_act w WHERE {' AND '.join(asked)}" if asked else ""  # noqa: S608


def as_seen(file: File, view: TableView) -> File:
    """Return the file with the columns, rows and order of the view."""
    shown = tuple(column for column in file.columns if not view.columns or column.header in view.columns)
    if not view.filters and not view.order:
        return replace(file, columns=shown)
    every = ", ".join(f'{column.sql} AS "{column.header}"' for column in file.columns)
    whole = f"SELECT {every}, row_number() OVER (ORDER BY {file.order}) AS _place FROM {file.rows}"  # noqa: S608
    conditions = " AND ".join(_tried(file, each, place) for place, each in enumerate(view.filters)) or "true"
    order = [f'y."{name.lstrip("-")}" {"DESC NULLS LAST" if name[0] == "-" else ""}' for name in view.order]
    return replace(
        file,
        columns=tuple(replace(column, sql=f'y."{column.header}"') for column in shown),
        source=f"({whole}) y WHERE {conditions}",
        joined="",
        order=", ".join((*order, "y._place")),
        asked_order="",
        one_by_one="",
        counted=f"({whole}) y WHERE {conditions}",
    )


def _tried(file: File, each: ColumnFilter, place: int) -> str:
    """Return the SQL of one condition; an empty cell is not like any value."""
    column, value = f'y."{each.column}"', f"%(filter_{place})s"
    type_of = next(column.type for column in file.columns if column.header == each.column)
    if each.test in WITHOUT_VALUE:
        empty = f"coalesce({column}::text, '') = ''"
        return f"NOT {empty}" if each.test == "answered" else empty
    if each.test == "contains":
        return f"position(lower({value}) IN lower({column}::text)) > 0"
    cast = {"date": "date", "integer": "numeric", "decimal": "numeric"}.get(type_of, "text")
    sign = {"is": "=", "not": "IS DISTINCT FROM", "least": ">=", "most": "<="}[each.test]
    if type_of == "codes" and each.test in ("is", "not"):
        chosen = f"{value} = ANY(string_to_array({column}, ';'))"
        return chosen if each.test == "is" else f"NOT coalesce({chosen}, false)"
    return f"{column}::{cast} {sign} {value}::{cast}"

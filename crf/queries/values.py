"""The values that queries are about: what stands on the record now, and what stood there when a check asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.declaration import FormDeclaration, Group, form_of
from crf.engine.messages import display, in_print, label_at, missing_text, question_at
from crf.engine.questions import NUMERIC, Question, QuestionKind, argument
from crf.models import Query
from crf.queries.sparing import is_spared_in_lists, names_looking_at_the_arm, telling_the_arm
from crf.queries.system import form_asked
from crf.store.bulk_read import Plain, RowsOf, bulk_read
from crf.store.bulk_read import values_of as columns_of
from followup.models import Visit, VisitState
from kernel.days import written
from kernel.punctuation import listed_facts
from kernel.reading import row_number
from kernel.units import unit_in_print
from trials.models import Participant

MOST_OF_A_ROW = 4  # answers told of each row of a table that a check reads whole; the others are counted
WIDE = 12  # of more questions, those that nobody answered are left out


@dataclass(frozen=True)
class QueryValue:
    """One answer in question: its words now, and those of before where a check saw others."""

    label: str
    now: str
    before: str = ""


@dataclass(frozen=True)
class _Saved:
    """The answers of one record with the rows of its tables, as the database holds them."""

    answers: Plain
    rows: Mapping[tuple[str, int], Plain]


def values_of_queries(queries: Collection[Query], reader: User) -> dict[int, tuple[QueryValue, ...]]:
    """Return the values of each query that the reader may read, by its number; in one question to the database.

    Whoever may not read the form sees none of its answers, and whoever is spared the arm none that tell it.
    """
    wanted = [query for query in queries if _may_read(query, reader)]
    saved = _saved_of(wanted)
    values = {query.pk: tuple(_shown(query, reader, saved)) for query in wanted}
    about = [(query, query.visit) for query in queries if _asks_about_visit(query, reader)]
    return values | {query.pk: (_of_visit(query, visit),) for query, visit in about if visit is not None}


def values_at(
    target: str, *, participant: Participant, form: str, record: int, reader: User
) -> tuple[QueryValue, ...]:
    """Return the values that a query about this place of a record would speak of, as the reader may read them."""
    query = Query(
        pk=0,
        participant=participant,
        site=participant.site,
        form_code=form,
        record_id=record,
        target=target,
    )
    return values_of_queries([query], reader).get(query.pk, ())


def _may_read(query: Query, reader: User) -> bool:
    form = catalogue.forms().get(query.form_code)
    return (
        form is not None and reader.may(form.seen_by, query.site_id) and not is_spared_in_lists(query, reader)
    )


def _asks_about_visit(query: Query, reader: User) -> bool:
    return (
        not query.form_code
        and query.visit_id is not None
        and reader.may(Permission.VISIT_VIEW, query.site_id)
    )


def _of_visit(query: Query, visit: Visit) -> QueryValue:
    """Return the day of the visit that is asked about, or how it stands while it did not take place."""
    now = _visit_in_words(seen_of_visit(visit))
    before = _visit_in_words(query.seen) if query.seen else now
    return QueryValue(str(_("Visit")), now, before if before != now else "")


def seen_of_visit(visit: Visit) -> dict[str, Any]:
    """Return what a query about a visit keeps of it: how it stands, and the day on which it took place."""
    day = visit.took_place_on
    return {"state": visit.state, "took_place_on": day.isoformat() if day else None}


def _visit_in_words(seen: Mapping[str, Any]) -> str:
    state, day = str(VisitState(seen["state"]).label), seen["took_place_on"]
    return listed_facts(state, written(date.fromisoformat(day))) if day else state


def _saved_of(queries: list[Query]) -> dict[int, _Saved]:
    records: dict[str, set[int]] = defaultdict(set)
    in_rows: dict[tuple[str, str], set[int]] = defaultdict(set)
    for query in queries:
        if query.record_id is None:
            continue
        records[query.form_code].add(query.record_id)
        for group in _tables_of(query):
            in_rows[query.form_code, group].add(query.record_id)
    parts = [
        RowsOf(code, catalogue.form(code).model, "id", tuple(sorted(ids))) for code, ids in records.items()
    ]
    parts += [
        RowsOf(
            f"{code}.{group}",
            catalogue.form(code).groups[group].model,
            "record_id",
            tuple(sorted(ids)),
            also="NOT t.removed",
        )
        for (code, group), ids in in_rows.items()
    ]
    loaded = bulk_read(parts)
    rows: dict[int, dict[tuple[str, int], Plain]] = defaultdict(dict)
    for code, group in in_rows:
        for row in loaded[f"{code}.{group}"]:
            rows[row["record_id"]][group, row["position"]] = row
    return {row["id"]: _Saved(row, rows[row["id"]]) for code in records for row in loaded[code]}


def _row_of(query: Query) -> tuple[str, int]:
    """Return the table and the number of the row that a query is about; number 0 where it is about no row."""
    about = query.key.partition(":")[2] if query.kind == "check" else query.target
    group, position = [*about.split("."), "", ""][:2]
    number = row_number(position)
    return (group, number) if number is not None else ("", 0)


def _tables_of(query: Query) -> list[str]:
    """Return the tables that a query is about: that of its row, or those that its check reads whole."""
    form = catalogue.form(query.form_code)
    return [name for name in (_row_of(query)[0], *_reads(form, query)) if name in form.groups]


def _shown(query: Query, reader: User, saved: Mapping[int, _Saved]) -> Iterator[QueryValue]:
    form, stored = form_asked(query) or catalogue.form(query.form_code), saved.get(query.record_id or 0)
    arm = names_looking_at_the_arm(form.code) | telling_the_arm(catalogue.form(query.form_code))
    told = reader.may(Permission.ALLOCATION_LIST, query.site_id)
    reads = sorted(
        _reads(form, query), key=lambda name: name in form.groups
    )  # a table is long: it comes last
    for read in reads:
        if read in arm and not told:
            continue
        if form_of(read):
            yield from _elsewhere(query, read, reader)
        elif stored is not None and read in form.groups:
            yield from _rows(form, query, form.groups[read], stored)
        elif stored is not None:
            yield from _here(form, query, read, stored, wide=len(reads) > WIDE)


def _reads(form: FormDeclaration, query: Query) -> list[str]:
    """Return what the query is about: what its check reads, the question, or every question of the row."""
    if query.kind == "check":
        check = next((check for check in form.checks if check.code == query.check_code), None)
        return list(dict.fromkeys((*check.fields, *check.reads))) if check else []
    group, position = _row_of(query)
    question = question_at(form, query.target)
    if question is not None:
        return [question.name, *filter(None, [question.proposed_by])]
    return list(form.groups[group].questions) if position and group in form.groups else []


def _here(
    form: FormDeclaration, query: Query, read: str, stored: _Saved, *, wide: bool
) -> Iterator[QueryValue]:
    """Yield an answer of the record, one of a row before one of the form; of a wide row only what is answered."""
    group, position = _row_of(query)
    row = stored.rows.get((group, position))
    if row is not None and read in form.groups[group].questions:
        question, plain, target = form.groups[group].questions[read], row, f"{group}.{position}.{read}"
        model = form.groups[group].model
    elif read in form.questions:
        question, plain, target, model = form.questions[read], stored.answers, read, form.model
    else:
        return
    missing = (plain.get("missing") or {}).get(read, "")
    now = _words(question, columns_of(model, plain, [read])[read], query)
    now = now or (missing_text(missing) if missing else "")
    key = argument(read) if query.kind == "check" else "value" if read in query.target else "proposal"
    before = _words(question, query.seen[key], query) if key in query.seen else now
    if now or before or not wide:
        yield QueryValue(label_at(form, target), now or "–", before if before != now else "")


def _rows(form: FormDeclaration, query: Query, group: Group, stored: _Saved) -> Iterator[QueryValue]:
    """Yield a line for each row of a table that a check reads whole: what is said there, choices and days first."""
    check = next((check for check in form.checks if check.code == query.check_code), None)
    about = check.about_rows if check else ()
    for (name, position), plain in sorted(stored.rows.items()):
        if name != group.name:
            continue
        values = columns_of(group.model, plain, list(group.questions))
        key = values.get(group.keyed_by)
        if about and key not in about:
            continue
        label = label_at(form, f"{name}.{position}")
        if key is not None:
            label = f"{group.title} · {display(group.questions[group.keyed_by], key, zone='')}"
        yield QueryValue(label, _row_in_words(group, values, query) or "–")


def _row_in_words(group: Group, values: Mapping[str, Any], query: Query) -> str:
    asked = [each for each in group.questions.values() if not each.derived and each.name != group.keyed_by]
    order = sorted(asked, key=lambda each: each.kind in NUMERIC)
    words = [word for each in order if (word := _words(each, values[each.name], query))]
    shown = words[:MOST_OF_A_ROW]
    if more := len(words) - len(shown):
        shown.append(ngettext("{number} more answer", "{number} more answers", more).format(number=more))
    return " · ".join(shown)


def _elsewhere(query: Query, read: str, reader: User) -> Iterator[QueryValue]:
    """Yield an answer of another form as the check saw it."""
    other = catalogue.forms().get(form_of(read))
    name, key = read.partition(".")[2], argument(read)
    if other is None or key not in query.seen or name not in other.questions:
        return
    told = reader.may(Permission.ALLOCATION_LIST, query.site_id)
    arm = names_looking_at_the_arm(other.code) | telling_the_arm(other)
    if not reader.may(other.seen_by, query.site_id) or (name in arm and not told):
        return
    question = other.questions[name]
    yield QueryValue(f"{other.title} · {question.text}", _words(question, query.seen[key], query))


def _words(question: Question, value: Any, query: Query) -> str:
    """Return an answer in words with its unit, from the record or from what a check saw."""
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    if isinstance(value, str) and question.kind == QuestionKind.DATETIME:
        value = datetime.fromisoformat(value)
    text = in_print(question, value, zone=query.site.time_zone)
    return f"{text} {unit_in_print(question.unit)}".strip() if text and question.unit else text

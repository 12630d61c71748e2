"""The visit × form matrix of one participant, in a constant number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from crf import catalogue
from crf.engine.base import RecordState as SavedState
from crf.engine.declaration import FormDeclaration, Repeats
from crf.links import form_url, log_url
from crf.models import Query, Record
from crf.store.outstanding import UNSIGNED
from crf.store.records import NEW
from crf.trial_rules.expected import rules_of
from followup.history import text_for
from followup.models import HAPPENED, Visit, VisitState
from kernel.punctuation import listed_facts
from trials.models import Milestone, Participant

NO_LONGER = frozenset({VisitState.CANCELLED})
STATES = tuple(SavedState.values)


@dataclass(frozen=True)
class RecordSummary:
    """What is known of one record without opening it."""

    code: str
    record_id: int
    visit_id: int | None
    sequence: int
    state: str


@dataclass(frozen=True)
class Cell:
    """One form at one visit: its state, where it is filled, how many queries are open; of a log, its records."""

    code: str
    state: str
    href: str
    queries: int = 0
    about: str = ""
    records: int = 0


@dataclass(frozen=True)
class MatrixRow:
    """One visit with a cell, or nothing, for each form of the header."""

    visit: Visit
    name: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Matrix:
    """Forms across, visits down; forms that belong to no visit stand on a row of their own."""

    forms: tuple[FormDeclaration, ...]
    rows: tuple[MatrixRow, ...]
    alone: tuple[tuple[FormDeclaration, Cell], ...] = field(default=())
    open_queries: int = 0
    unsigned: int = 0
    recorded: frozenset[str] = frozenset()  # the forms of which there is a record, shown or not

    def without_links(self) -> Matrix:
        """Return the same states for a reader who may not open the forms behind them."""
        rows = tuple(
            replace(row, cells=tuple(cell and replace(cell, href="") for cell in row.cells))
            for row in self.rows
        )
        alone = tuple((form, replace(cell, href="")) for form, cell in self.alone)
        return replace(self, rows=rows, alone=alone)


ByPlace = dict[tuple[str, int | None], RecordSummary]
QueryCounts = Counter[tuple[str, int | None]]  # by form and record


def record_states(participant: Participant) -> list[RecordSummary]:
    """Return every record of the participant with its state."""
    records = Record.objects.filter(participant=participant).order_by()
    return [
        RecordSummary(*row) for row in records.values_list("form_code", "pk", "visit_id", "sequence", "state")
    ]


def with_queries() -> dict[str, Any]:
    """Return, for a query of participants, form and record of each query of theirs that is not closed."""
    living = Query.objects.filter(participant=OuterRef("pk")).living().order_by("pk")
    return {
        "queries_living": ArraySubquery(living.values(json=JSONObject(form="form_code", record="record_id")))
    }


def queries_of(participant: Any) -> QueryCounts:
    """Return how many there are; the participant carries what ``with_queries`` adds to a query."""
    return Counter((each["form"], each["record"]) for each in participant.queries_living)


def matrix_of(
    participant: Participant,
    visits: Iterable[Visit],
    names: Mapping[int, str],
    *,
    reached: Collection[str],
    queries: QueryCounts,
    today: date,
) -> Matrix:
    """Return the matrix as it stands on ``today``; ``reached`` are the milestones that stand."""
    records = record_states(participant)
    shown = [visit for visit in visits if visit.state not in NO_LONGER]
    forms = [form for form in catalogue.forms().values() if participant.arm or form.before_randomization]
    asked = {code for visit in shown for code in visit.forms}
    per_visit = tuple(
        form
        for form in forms
        if form.repeats is Repeats.PER_VISIT
        or (form.code in asked and (form.due_at_visits or form.repeats is not Repeats.LOG))
    )
    once = _one_of_each(records)
    by_place: ByPlace = {(record.code, record.visit_id): record for record in records if record.visit_id}
    for form in per_visit:
        if form.repeats is Repeats.PER_PARTICIPANT and form.code in once:
            by_place |= {(form.code, visit.pk): once[form.code] for visit in shown}
        elif form.repeats is Repeats.LOG:
            by_place |= _owed(form, records, shown)
    numbers = Counter(record.code for record in records)
    rows = tuple(
        MatrixRow(
            visit,
            names[visit.pk],
            tuple(_cell(form, visit, by_place, queries, reached, today) for form in per_visit),
        )
        for visit in shown
    )
    alone = tuple(
        (form, _alone(form, once.get(form.code), queries, participant, numbers[form.code]))
        for form in forms
        if form not in per_visit or form.repeats is Repeats.LOG
    )
    unsigned = sum(record.state in UNSIGNED for record in records)
    return Matrix(per_visit, rows, alone, sum(queries.values()), unsigned, frozenset(numbers))


def forms_of_visit(visit: Visit, *, today: date) -> list[tuple[FormDeclaration, Cell]]:
    """Return the forms that the visit asks for and the program holds, in the order of the schedule."""
    visits = list(Visit.objects.filter(participant=visit.participant).exclude(state__in=NO_LONGER))
    for each in visits:
        each.participant = visit.participant
    standing = Milestone.objects.filter(participant=visit.participant, on__isnull=False)
    reached = set(standing.values_list("code", flat=True))
    names = {each.pk: str(each) for each in visits}
    living = Query.objects.filter(participant=visit.participant).living()
    queries: QueryCounts = Counter(living.values_list("form_code", "record_id"))
    matrix = matrix_of(visit.participant, visits, names, reached=reached, queries=queries, today=today)
    asked = [
        pair
        for row in matrix.rows
        if row.visit.pk == visit.pk
        for pair in zip(matrix.forms, row.cells, strict=True)
    ]
    logs = [pair for pair in matrix.alone if pair[0] not in matrix.forms and pair[0].code in visit.forms]
    pairs = [(form, cell) for form, cell in (*asked, *logs) if cell is not None]
    order = {code: place for place, code in enumerate(visit.forms)}
    return sorted(pairs, key=lambda pair: order.get(pair[0].code, len(order)))


def _cell(
    form: FormDeclaration,
    visit: Visit,
    by_place: Mapping[tuple[str, int | None], RecordSummary],
    queries: QueryCounts,
    reached: Collection[str],
    today: date,
) -> Cell | None:
    record, asked = by_place.get((form.code, visit.pk)), form.code in visit.forms
    if not asked and (record is None or form.repeats is not Repeats.PER_VISIT):
        return None
    if record is None and form.due_after and visit.state in HAPPENED and form.due_after not in reached:
        return None
    at_visit = visit.pk if form.repeats is Repeats.PER_VISIT else None
    first = NEW if form.repeats is Repeats.LOG else 1
    href = form_url(
        visit.participant.number,
        form.code,
        visit_id=at_visit,
        sequence=record.sequence if record else first,
    )
    count = queries[(form.code, record.record_id)] if record else 0
    state = record.state if record else _expected(form.code, visit, today)
    return Cell(form.code, state, href, count, listed_facts(visit, form.title))


def _owed(form: FormDeclaration, records: Iterable[RecordSummary], visits: Iterable[Visit]) -> ByPlace:
    """Return which record of a log each visit that owes one has: the first visit the first, and so on.

    The last of the visits has the one that is least far of all that are left.
    """
    asking = sorted(
        (visit for visit in visits if form.code in visit.forms),
        key=lambda visit: (visit.took_place_on or visit.opens or date.max, visit.pk),
    )
    kept = sorted((record for record in records if record.code == form.code), key=lambda each: each.sequence)
    given: ByPlace = {(form.code, visit.pk): record for visit, record in zip(asking, kept, strict=False)}
    left = kept[len(asking) - 1 :]
    if asking and left:
        given[form.code, asking[-1].pk] = min(left, key=_far)
    return given


def _one_of_each(records: Iterable[RecordSummary]) -> dict[str, RecordSummary]:
    """Return the record that stands for each form outside visits: of a log, the one that is least far."""
    summaries: dict[str, RecordSummary] = {}
    for record in records:
        nearest = summaries.get(record.code)
        if record.visit_id is None and (nearest is None or _far(record) < _far(nearest)):
            summaries[record.code] = record
    return summaries


def _far(record: RecordSummary) -> int:
    return STATES.index(record.state)


def _expected(code: str, visit: Visit, today: date) -> str:
    """Return how a form that nobody has opened yet is shown: empty, not due, due, overdue or not done."""
    if visit.state == VisitState.NOT_DONE:
        return "not_done"
    if visit.state == VisitState.DONE:
        late = today - timedelta(days=rules_of(text_for(visit.participant))[code].days)
        return "overdue" if visit.took_place_on is not None and visit.took_place_on < late else "due"
    if visit.opens is None or today < visit.opens:
        return "expected"
    return "overdue" if visit.closes is not None and today > visit.closes else "due"


def _alone(
    form: FormDeclaration,
    record: RecordSummary | None,
    queries: QueryCounts,
    participant: Participant,
    number: int,
) -> Cell:
    href = (
        log_url(participant.number, form.code)
        if form.repeats is Repeats.LOG
        else form_url(participant.number, form.code)
    )
    count = sum(number for (code, _record), number in queries.items() if code == form.code)
    return Cell(
        form.code,
        record.state if record else "empty",
        href,
        count,
        str(form.title),
        number if form.repeats is Repeats.LOG else 0,
    )

"""Where a record stands, and the record itself: found, locked, read as answers, written back.

A record and its answers are one object here, an instance of the form's model (``crf.engine.base``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.models import Act
from crf import catalogue
from crf.engine.answers import AnswerRow
from crf.engine.base import CrfRecord, Record, RecordState
from crf.engine.declaration import FormDeclaration, Group, Repeats
from crf.engine.evaluation import Evaluation
from crf.engine.submission import RowsOnRecord, SavedRows, row_id_at
from crf.engine.versions import worded
from crf.store.bulk_read import TableQuery, bulk_read, instance_of
from followup.models import Visit
from kernel.errors import Refusal
from trials.models import Participant

NEW = 0


class NoSuchForm(Refusal):
    code = "crf.no_such_form"
    message = _("There is no form {form} in this trial. Choose a form from the participant's page.")
    status = 404


class VisitNeeded(Refusal):
    code = "crf.visit_needed"
    message = _("The form {form} belongs to a visit. Open it from the visit it is about.")


class RandomizationFirst(Refusal):
    code = "crf.randomization_first"
    message = _(
        "The form {form} follows randomization, and participant {participant} is not randomized yet. "
        "Complete screening and randomize first."
    )


@dataclass(frozen=True)
class RecordKey:
    """One sheet of paper: this form of this participant, at this visit or with this number."""

    form: FormDeclaration
    participant: Participant
    visit: Visit | None = None
    sequence: int = 1

    @property
    def label(self) -> str:
        """Return the words that name the record to people and in signatures."""
        parts = [self.participant.number, self.form.code]
        parts += [str(self.visit)] if self.visit else []
        parts += [f"#{self.sequence}"] if self.form.repeats == Repeats.LOG or self.sequence > 1 else []
        return " ".join(parts)


@dataclass
class StoredRecord:
    """A record with the rows of its groups, removed ones included."""

    record: CrfRecord
    rows: dict[str, dict[int, Any]]

    def outcome(self, form: FormDeclaration) -> Evaluation:
        """Return what is saved, in the shape in which evaluation returns answers."""
        return Evaluation(
            values={name: getattr(self.record, name) for name in form.questions},
            groups={
                name: [row_of(group, row) for row in self.standing(name)]
                for name, group in form.groups.items()
            },
            missing=dict(self.record.missing),
            visible=frozenset(),
            required=frozenset(),
            unanswered=(),
            cleared=(),
            findings=(),
            milestones={},
        )

    def standing(self, group: str) -> list[Any]:
        """Return the rows that are not removed, in order."""
        return [row for _position, row in sorted(self.rows[group].items()) if not row.removed]

    @property
    def saved_rows(self) -> RowsOnRecord:
        """Return which rows each group has on record."""
        return {
            name: SavedRows(
                {identity_of(name, row): position for position, row in rows.items()},
                frozenset(position for position, row in rows.items() if row.removed),
            )
            for name, rows in self.rows.items()
        }


def identity_of(group: str, row: Any) -> str:
    """Return the identity of a stored row; one of before there were identities is known by its number."""
    return str(row.row_id or row_id_at(group, row.position))


def row_of(group: Group, row: Any) -> AnswerRow:
    """Return a stored row as evaluation returns rows."""
    return {
        "row_id": identity_of(group.name, row),
        "position": row.position,
        "missing": dict(row.missing),
        **{name: getattr(row, name) for name in group.questions},
    }


def form_named(code: str) -> FormDeclaration:
    """Return the declaration of ``code``; refused when the trial has no such form."""
    form = catalogue.forms().get(code)
    if form is None:
        raise NoSuchForm(form=code)
    return form


def refuse_before_randomization(form: FormDeclaration, participant: Participant) -> None:
    """Refuse a form that comes after randomization for somebody who is not randomized (requirement 26)."""
    if participant.arm is None and not form.before_randomization:
        raise RandomizationFirst(form=form.code, participant=participant.number)


def record_key_of(
    *, participant: Participant, form: str | FormDeclaration, visit: Visit | None = None, sequence: int = 1
) -> RecordKey:
    """Return the place; a form that is filled per visit needs its visit, the records of a log belong to none.

    Refuses: a form of no trial; one that comes after randomization, before it; one of a visit without its visit.
    """
    declared = form_named(form) if isinstance(form, str) else form
    refuse_before_randomization(declared, participant)
    if declared.repeats == Repeats.PER_VISIT and visit is None:
        raise VisitNeeded(form=declared.code)
    if declared.repeats == Repeats.PER_PARTICIPANT:
        return RecordKey(declared, participant)
    if declared.repeats == Repeats.PER_VISIT:
        return RecordKey(declared, participant, visit)
    return RecordKey(declared, participant, None, sequence)


def form_begun(record_key: RecordKey, version: str) -> FormDeclaration:
    """Return the form in the words, and with the rows that it begins with here, under a version of the protocol."""
    visit, arm = record_key.visit, record_key.participant.arm
    return worded(record_key.form, version).under(version, visit=visit.code if visit else "", arm=arm)


def key_of_record(form: FormDeclaration, record: Record) -> RecordKey:
    """Return where a record stands; its form has the words, codes and ranges under which the record was begun."""
    form = worded(form, record.protocol_version)
    return RecordKey(form, record.participant, record.visit, record.sequence)


@cache
def _select_of(model: type[CrfRecord]) -> tuple[str, list[str], list[tuple[int, Any]]]:
    """Return the select of a form's records with their answers, the fields in its order, and who reads which of them.

    A save asks it twice. Django would write it anew each time, and for the hundred columns of a large form that takes
    four times as long as the answer.
    """
    own = set(model._meta.local_concrete_fields)
    fields: Any = model._meta.concrete_fields
    quoted = connection.ops.quote_name
    columns = [f"{'a' if field in own else 'r'}.{quoted(field.column)}" for field in fields]
    tables = f"crf_record r JOIN {quoted(model._meta.db_table)} a ON a.id = r.id"
    readers = [
        (number, field.from_db_value)
        for number, field in enumerate(fields)
        if hasattr(field, "from_db_value")
    ]
    return f"SELECT {', '.join(columns)} FROM {tables}", [field.attname for field in fields], readers  # noqa: S608


def find_record(record_key: RecordKey, *, lock: bool = False) -> CrfRecord | None:
    """Return the record at the place, held until the transaction ends when ``lock``, or None."""
    select, names, readers = _select_of(record_key.form.model)
    place = [record_key.participant.pk, record_key.sequence]
    at_visit = "IS NULL" if record_key.visit is None else "= %s"
    where = f"WHERE r.participant_id = %s AND r.sequence = %s AND r.visit_id {at_visit}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{select} {where} LIMIT 1 {'FOR UPDATE' if lock else ''}",
            place if record_key.visit is None else [*place, record_key.visit.pk],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    for number, read in readers:
        values[number] = read(values[number], None, connection)
    record: CrfRecord = record_key.form.model.from_db(connection.alias, names, values)
    return record


def begun_records(form: FormDeclaration, participant: Participant) -> QuerySet[Any]:
    """Return the participant's records of the form that hold answers, oldest first."""
    stored = form.model.objects.filter(participant=participant).exclude(state=RecordState.EMPTY)
    return stored.select_related("visit").order_by("pk")


def find_stored_record(record_key: RecordKey, *, lock: bool = False) -> StoredRecord | None:
    """Return the record at the place with its rows, held until the transaction ends when ``lock``."""
    record = find_record(record_key, lock=lock)
    return None if record is None else stored_record_of(record_key.form, record)


def stored_record_of(form: FormDeclaration, record: CrfRecord) -> StoredRecord:
    """Return a record with the rows of its groups."""
    return stored_record_from(form, record, bulk_read(parts_of(form, record)))


def parts_of(form: FormDeclaration, record: CrfRecord) -> list[TableQuery]:
    """Return what to load for the rows of a record's groups."""
    return [
        TableQuery(f"rows:{name}", group.model, "record_id", record.pk) for name, group in form.groups.items()
    ]


def stored_record_from(
    form: FormDeclaration, record: CrfRecord, loaded: Mapping[str, list[dict[str, Any]]]
) -> StoredRecord:
    """Return the record with its rows out of what ``parts_of`` asked for."""
    return StoredRecord(
        record,
        {
            name: {row["position"]: instance_of(group.model, row) for row in loaded[f"rows:{name}"]}
            for name, group in form.groups.items()
        },
    )


def next_sequence(record_key: RecordKey) -> int:
    """Return the number of the next record of a log; the participant is held, so nobody else takes it."""
    stored = record_key.form.model.objects.filter(participant=record_key.participant, visit=record_key.visit)
    last = stored.order_by("-sequence").values_list("sequence", flat=True).first()
    return (last or 0) + 1


def write_record(
    record_key: RecordKey,
    stored: StoredRecord | None,
    outcome: Evaluation,
    *,
    act: Act,
    typed_again: bool = True,
) -> StoredRecord:
    """The record holds the outcome's answers, one version further; only what differs is written.

    Without ``typed_again`` nothing but derived answers differs.
    """
    if stored is None:
        record = _created(record_key, outcome, act)
        stored = StoredRecord(record, {name: {} for name in record_key.form.groups})
    else:
        state = state_of(record_key.form, outcome)
        state = state if typed_again else state_rederived(stored.record, state)
        _updated(stored.record, record_key, outcome, state, act)
    for name in record_key.form.groups:
        _write_rows(stored, name, outcome.groups[name], record_key.form, act)
    return stored


def _created(record_key: RecordKey, outcome: Evaluation, act: Act) -> Any:
    return record_key.form.model.objects.create(
        participant=record_key.participant,
        site_id=record_key.participant.site_id,
        form_code=record_key.form.code,
        visit=record_key.visit,
        sequence=record_key.sequence,
        state=state_of(record_key.form, outcome),
        form_version=record_key.form.version,
        protocol_version=record_key.participant.protocol_version,
        missing=dict(outcome.missing),
        act=act,
        answers_act=act,
        answers_site_id=record_key.participant.site_id,
        **outcome.values,
    )


def _updated(
    record: CrfRecord, record_key: RecordKey, outcome: Evaluation, state: RecordState, act: Act
) -> None:
    columns = differing(record, {**outcome.values, "missing": dict(outcome.missing)})
    record.state = state
    record.form_version, record.version = record_key.form.version, record.version + 1
    update_record(record, [*columns, "state", "form_version", "version"], act=act)


def update_record(record: CrfRecord, names: Iterable[str], *, act: Act) -> None:
    """What the record holds under ``names`` is written, to record and answers in one journey.

    Answers are written only when they are among the names; then they name the act as well.
    """
    wanted = {*names, "act"}
    if wanted & {field.name for field in record._meta.local_concrete_fields}:
        wanted.add("answers_act")
        record.answers_act = act
    record.act = act
    updates = [_update_of(model, record, wanted) for model in (Record, type(record))]
    with connection.cursor() as cursor:
        cursor.execute(
            "; ".join(sql for sql, _values in updates if sql),
            [value for _sql, values in updates for value in values],
        )


def _update_of(model: Any, record: CrfRecord, wanted: set[str]) -> tuple[str, list[Any]]:
    fields = [field for field in model._meta.local_concrete_fields if field.name in wanted]
    if not fields:
        return "", []
    quoted = connection.ops.quote_name
    columns = ", ".join(f"{quoted(field.column)} = %s" for field in fields)
    values = [field.get_db_prep_save(getattr(record, field.attname), connection) for field in fields]
    return f"UPDATE {quoted(model._meta.db_table)} SET {columns} WHERE id = %s", [*values, record.pk]  # noqa: S608


def differing(row: Any, values: AnswerRow) -> list[str]:
    """Put ``values`` into the row and name the columns that changed by it."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _write_rows(
    stored: StoredRecord, name: str, rows: list[AnswerRow], form: FormDeclaration, act: Act
) -> None:
    group, kept = form.groups[name], stored.rows[name]
    new = []
    for row in rows:
        values = {question: row[question] for question in group.questions}
        values |= {"missing": dict(row["missing"]), "removed": False}
        stored_row = kept.get(row["position"])
        if stored_row is None:
            new.append(_new_row(stored.record, group, row, values, act))
        elif changed := differing(stored_row, values):
            stored_row.act = act
            stored_row.save(update_fields=[*changed, "act"])
    for row in group.model.objects.bulk_create(new):
        kept[row.position] = row
    standing = {row["position"] for row in rows}
    for position, row in kept.items():
        if position not in standing and not row.removed:
            row.removed, row.act = True, act
            row.save(update_fields=["removed", "act"])


def _new_row(record: CrfRecord, group: Group, row: AnswerRow, values: AnswerRow, act: Act) -> Any:
    own = {"row_id": row["row_id"], "position": row["position"]}
    return group.model(record=record, site_id=record.site_id, act=act, **own, **values)


def state_rederived(record: CrfRecord, judged: RecordState) -> RecordState:
    """Return the state after derived answers alone have moved, which somebody sees as ``judged`` from all answers.

    Verification is of what was typed, and stays; a signature is of all that the record showed, and falls.
    """
    if judged != RecordState.COMPLETE or record.state not in (RecordState.VERIFIED, RecordState.SIGNED):
        return judged
    signed = (RecordState.SIGNED, RecordState.LOCKED)
    before = record.record_events.exclude(state__in=signed).order_by("pgh_id").last()
    return RecordState(before.state)


def state_of(form: FormDeclaration, outcome: Evaluation) -> RecordState:
    """Return how far the answers have come; verification and signature are acts of their own."""
    typed = [outcome.values[name] for name, question in form.questions.items() if not question.derived]
    answered = typed.count(None) < len(typed) or bool(outcome.missing)
    if not answered and not any(outcome.groups.values()):
        return RecordState.EMPTY
    return RecordState.COMPLETE if outcome.complete else RecordState.IN_PROGRESS

"""Where a record stands, and the record itself: found, locked, read as answers, written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.models import Act
from crf import catalogue
from crf.engine.base import RecordState
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.evaluation import Outcome, Row
from crf.store.bulk_read import Part, instance_of, load
from followup.models import Visit
from kernel.errors import Refusal
from trials.models import Participant

NEW = 0


class NoSuchForm(Refusal):
    message = _("There is no form {form} in this trial. Choose a form from the participant's page.")
    status = 404


class VisitNeeded(Refusal):
    message = _("The form {form} belongs to a visit. Open it from the visit it is about.")


@dataclass(frozen=True)
class Place:
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
class Sheet:
    """A record with the rows of its groups, removed ones included."""

    record: Any
    rows: dict[str, dict[int, Any]]

    def outcome(self, form: FormDeclaration) -> Outcome:
        """Return what is saved, in the shape in which evaluation returns answers."""
        return Outcome(
            values={name: getattr(self.record, name) for name in form.questions},
            groups={
                name: [_row_of(group, row) for row in self.standing(name)]
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

    def last_position(self, group: str) -> int:
        """Return the highest position that was ever used: a row's name is never given again."""
        return max(self.rows[group], default=0)


def _row_of(group: Any, row: Any) -> Row:
    return {
        "position": row.position,
        "missing": dict(row.missing),
        **{name: getattr(row, name) for name in group.questions},
    }


def form_named(code: str) -> FormDeclaration:
    """Return the declaration of ``code``; refused when the trial has no such form."""
    found = catalogue.forms().get(code)
    if found is None:
        raise NoSuchForm(form=code)
    return found


def place_of(
    *, participant: Participant, form: str | FormDeclaration, visit: Visit | None = None, sequence: int = 1
) -> Place:
    """Return the place; a form that is filled per visit needs its visit, the records of a log belong to none."""
    declared = form_named(form) if isinstance(form, str) else form
    if declared.repeats == Repeats.PER_VISIT and visit is None:
        raise VisitNeeded(form=declared.code)
    if declared.repeats == Repeats.PER_PARTICIPANT:
        return Place(declared, participant)
    if declared.repeats == Repeats.PER_VISIT:
        return Place(declared, participant, visit)
    return Place(declared, participant, None, sequence)


def place_of_record(form: FormDeclaration, record: Any) -> Place:
    """Return where a record stands."""
    return Place(form, record.participant, record.visit, record.sequence)


def find_record(place: Place, *, lock: bool = False) -> Any:
    """Return the record at the place, held until the transaction ends when ``lock``, or None."""
    found = place.form.model.objects.filter(
        participant=place.participant, visit=place.visit, sequence=place.sequence
    )
    return (found.select_for_update() if lock else found).first()


def begun_records(form: FormDeclaration, participant: Participant) -> QuerySet[Any]:
    """Return the participant's records of the form that hold answers, oldest first."""
    found = form.model.objects.filter(participant=participant).exclude(state=RecordState.EMPTY)
    return found.select_related("visit").order_by("pk")


def find_sheet(place: Place, *, lock: bool = False) -> Sheet | None:
    """Return the record at the place with its rows, held until the transaction ends when ``lock``."""
    record = find_record(place, lock=lock)
    return None if record is None else sheet_of(place.form, record)


def sheet_of(form: FormDeclaration, record: Any) -> Sheet:
    """Return a record with the rows of its groups."""
    return sheet_from(form, record, load(parts_of(form, record)))


def parts_of(form: FormDeclaration, record: Any) -> list[Part]:
    """Return what to load for the rows of a record's groups."""
    return [Part(f"rows:{name}", group.model, "record_id", record.pk) for name, group in form.groups.items()]


def sheet_from(form: FormDeclaration, record: Any, loaded: Mapping[str, list[dict[str, Any]]]) -> Sheet:
    """Return the record with its rows out of what ``parts_of`` asked for."""
    return Sheet(
        record,
        {
            name: {row["position"]: instance_of(group.model, row) for row in loaded[f"rows:{name}"]}
            for name, group in form.groups.items()
        },
    )


def next_sequence(place: Place) -> int:
    """Return the number of the next record of a log; the participant is held, so nobody else takes it."""
    found = place.form.model.objects.filter(participant=place.participant, visit=place.visit)
    last = found.order_by("-sequence").values_list("sequence", flat=True).first()
    return (last or 0) + 1


def write_sheet(place: Place, sheet: Sheet | None, outcome: Outcome, *, act: Act) -> Sheet:
    """The record holds the outcome's answers, one version further; only what differs is written."""
    if sheet is None:
        record = _created(place, outcome, act)
        sheet = Sheet(record, {name: {} for name in place.form.groups})
    else:
        _updated(sheet.record, place, outcome, act)
    for name in place.form.groups:
        _write_rows(sheet, name, outcome.groups[name], place.form, act)
    return sheet


def _created(place: Place, outcome: Outcome, act: Act) -> Any:
    return place.form.model.objects.create(
        participant=place.participant,
        site_id=place.participant.site_id,
        visit=place.visit,
        sequence=place.sequence,
        state=state_of(place.form, outcome),
        form_version=place.form.version,
        protocol_version=place.participant.protocol_version,
        missing=dict(outcome.missing),
        act=act,
        **outcome.values,
    )


def _updated(record: Any, place: Place, outcome: Outcome, act: Act) -> None:
    written = differing(record, {**outcome.values, "missing": dict(outcome.missing)})
    record.state = state_of(place.form, outcome)
    record.form_version, record.version, record.act = place.form.version, record.version + 1, act
    record.save(update_fields=[*written, "state", "form_version", "version", "act"])


def differing(row: Any, values: dict[str, Any]) -> list[str]:
    """Put ``values`` into the row and name the columns that changed by it."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _write_rows(sheet: Sheet, name: str, rows: list[Row], form: FormDeclaration, act: Act) -> None:
    group, kept = form.groups[name], sheet.rows[name]
    new = []
    for row in rows:
        values = {question: row[question] for question in group.questions}
        values["missing"] = dict(row["missing"])
        held = kept.get(row["position"])
        if held is None:
            new.append(_new_row(sheet.record, group, row["position"], values, act))
        elif changed := differing(held, values):
            held.act = act
            held.save(update_fields=[*changed, "act"])
    for row in group.model.objects.bulk_create(new):
        kept[row.position] = row
    _remove_rows(kept, {row["position"] for row in rows}, act)


def _new_row(record: Any, group: Any, position: int, values: dict[str, Any], act: Act) -> Any:
    return group.model(record=record, site_id=record.site_id, position=position, act=act, **values)


def _remove_rows(kept: dict[int, Any], standing: set[int], act: Act) -> None:
    for position, row in kept.items():
        if position not in standing and not row.removed:
            row.removed, row.act = True, act
            row.save(update_fields=["removed", "act"])


def state_of(form: FormDeclaration, outcome: Outcome) -> RecordState:
    """Return how far the answers have come; verification and signature are acts of their own."""
    typed = (outcome.values[name] for name, question in form.questions.items() if not question.derived)
    answered = any(value is not None for value in typed) or bool(outcome.missing)
    if not answered and not any(outcome.groups.values()):
        return RecordState.EMPTY
    return RecordState.COMPLETE if outcome.complete else RecordState.IN_PROGRESS

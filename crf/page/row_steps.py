"""What can be done with many rows of a list at once, beside queries: verify, freeze, lock, book, record visits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.base import RecordState
from crf.engine.messages import label_at
from crf.locks.scope import LockScope
from crf.locks.services import freeze_data, lock_data
from crf.models import ExpectedForm, Record, RecordVerification
from crf.page.source import value_text
from crf.queries.bulk import BulkStep
from crf.queries.bulk_steps import KINDS, BulkKind, BulkRequest
from crf.records.signing import NothingThere
from crf.records.source_verification import verify_fields
from crf.store.records import RecordKey, key_of_record
from crf.store.verification import FieldAnswer, answers_of
from followup.models import AWAITED, Visit
from followup.services import propose_day, record_visit
from kernel.days import written
from kernel.errors import Refusal
from kernel.reading import UnreadableError, day
from kernel.row_keys import row_of
from trials.models import LockKind


class NothingLeftToVerify(Refusal):
    code = "crf.nothing_left_to_verify"
    message = _("Nothing of {record} is left to verify.")


class DayNeeded(Refusal):
    code = "crf.day_needed"
    fields = ("day",)
    message = _("Type the day that is to be booked, such as 2026-11-23.")
    status = 422


class VisitNotAwaited(Refusal):
    code = "crf.visit_not_awaited"
    message = _(
        "Visit {visit} is not awaited any more: “{state}”. Open the visit to change what is on record."
    )


class BookedAlready(Refusal):
    code = "crf.booked_already"
    message = _("The visit is booked for this day already.")


class NoDayBooked(Refusal):
    code = "crf.no_day_booked"
    message = _("No day is booked for visit {visit}. Open the visit and type the day.")


def _numbers(said: BulkRequest, kind: str) -> list[int]:
    """Return the keys of the chosen rows of one kind, each sent as "record:KEY"."""
    parts = [row.partition(":") for row in said.rows]
    return [
        number
        for name, _colon, typed in parts
        if name == kind and (number := row_of(kind, typed)) is not None
    ]


# Verification -----------------------------------------------------------------------------------------------------


def _verifying(said: BulkRequest, *, by: User, at: datetime) -> list[BulkStep]:
    rows = RecordVerification.objects.open_to(by, Permission.CRF_VERIFY).filter(
        record__in=_numbers(said, "record")
    )
    joined = ("record__participant__site", "record__visit")
    return [
        _verification(row, by=by, at=at)
        for row in rows.select_related(*joined).order_by("pk")
        if by.may(catalogue.form(row.form_code).seen_by, row.site_id)
    ]


def _verification(row: RecordVerification, *, by: User, at: datetime) -> BulkStep:
    key = key_of_record(catalogue.form(row.form_code), row.record)
    answers = answers_of(key.form, row.record.pk)
    left = [answers[target] for target in row.unverified if target in answers]
    before = ngettext("{number} field left", "{number} fields left", len(left)).format(number=len(left))
    return BulkStep(
        key=f"{row.pk:018}",
        participant_id=row.participant_id,
        label=_of_record(key),
        before=before,
        after=_("all that the plan requires is verified"),
        does=partial(_verify, key, left, by=by, at=at),
        values=tuple(_in_words(key, left)),
    )


def _verify(key: RecordKey, left: list[FieldAnswer], *, by: User, at: datetime) -> None:
    if not left:
        raise NothingLeftToVerify(record=key.label)
    verify_fields(record_key=key, seen={each.target: each.token for each in left}, by=by, at=at)


def _in_words(key: RecordKey, answers: list[FieldAnswer]) -> Iterator[tuple[str, str]]:
    """Yield question and value of each answer, as they are beside paper."""
    zone = key.participant.site.time_zone
    for answer in answers:
        *group, name = [part for part in answer.target.split(".") if not part.isdecimal()]
        questions = key.form.groups[group[0]].questions if group else key.form.questions
        yield label_at(key.form, answer.target), value_text(questions[name], answer.value, zone=zone)


def _of_record(key: RecordKey) -> str:
    parts = [key.participant.number, str(key.form.title)]
    parts += [str(key.visit)] if key.visit else []
    parts += [f"#{key.sequence}"] if key.sequence > 1 else []
    return " · ".join(parts)


# Freeze and lock --------------------------------------------------------------------------------------------------


def _holding(
    does: Callable[..., Any], kind: LockKind, said: BulkRequest, *, by: User, at: datetime
) -> list[BulkStep]:
    """Return the steps that freeze or lock the forms of the chosen rows, each by itself."""
    rows = ExpectedForm.objects.open_to(by, Permission.CRF_LOCK).filter(pk__in=_numbers(said, "expected"))
    joined = ("participant__site", "visit", "record__visit", "record__participant__site")
    return [
        _hold(row, does, kind, by=by, at=at)
        for row in rows.select_related(*joined).order_by("pk")
        if by.may(catalogue.form(row.form_code).seen_by, row.site_id)
    ]


def _hold(row: ExpectedForm, does: Callable[..., Any], kind: LockKind, *, by: User, at: datetime) -> BulkStep:
    state = row.record.state if row.record else RecordState.EMPTY
    title = str(catalogue.form(row.form_code).title)
    return BulkStep(
        key=f"{row.pk:018}",
        participant_id=row.participant_id,
        label=" · ".join((row.participant.number, row.visit_code, title)),
        before=RecordState(state).label,
        after=kind.label,
        does=partial(_hold_record, row.record, row, does, by=by, at=at),
    )


def _hold_record(
    record: Record | None, row: ExpectedForm, does: Callable[..., Any], *, by: User, at: datetime
) -> None:
    if record is None:
        raise NothingThere(record=f"{row.participant.number} {row.form_code} {row.visit_code}")
    does(scope=LockScope.of_record(record, row.participant), by=by, at=at)


# Visits -----------------------------------------------------------------------------------------------------------


def _visits(said: BulkRequest, by: User) -> list[Visit]:
    rows = Visit.objects.open_to(by, Permission.VISIT_RECORD).filter(pk__in=_numbers(said, "visit"))
    return list(rows.select_related("participant__site").order_by("pk"))


def _booking(said: BulkRequest, *, by: User, at: datetime) -> list[BulkStep]:
    try:
        on = day(said.day)
    except UnreadableError as error:
        raise DayNeeded from error
    return [
        _visit_step(visit, (_day_booked(visit), written(on)), _book, on=on, by=by, at=at)
        for visit in _visits(said, by)
    ]


def _taking_place(said: BulkRequest, *, by: User, at: datetime) -> list[BulkStep]:
    return [
        _visit_step(
            visit,
            (visit.get_state_display(), gettext("took place on {day}").format(day=_day_booked(visit))),
            _record_on_its_day,
            on=visit.proposed_on,
            by=by,
            at=at,
        )
        for visit in _visits(said, by)
    ]


def _visit_step(
    visit: Visit,
    change: tuple[Any, Any],
    does: Callable[..., Any],
    *,
    on: date | None,
    by: User,
    at: datetime,
) -> BulkStep:
    label = f"{visit.participant.number} · {visit}"
    return BulkStep(
        f"{visit.pk:018}", visit.participant_id, label, *change, partial(does, visit, on, by=by, at=at)
    )


def _day_booked(visit: Visit) -> str:
    return written(visit.proposed_on) if visit.proposed_on else gettext("no day")


def _refuse_unless_awaited(visit: Visit) -> None:
    if visit.state not in AWAITED:
        raise VisitNotAwaited(visit=visit, state=visit.get_state_display())


def _book(visit: Visit, on: date, *, by: User, at: datetime) -> None:
    _refuse_unless_awaited(visit)
    if visit.proposed_on == on:
        raise BookedAlready
    propose_day(visit=visit, day=on, by=by, at=at)


def _record_on_its_day(visit: Visit, on: date | None, *, by: User, at: datetime) -> None:
    _refuse_unless_awaited(visit)
    if on is None:
        raise NoDayBooked(visit=visit)
    record_visit(visit=visit, took_place_on=on, by=by, at=at)


def _forms_done(number: int) -> str:
    return ngettext("{number} form is updated.", "{number} forms are updated.", number)


def _visits_done(number: int) -> str:
    return ngettext("{number} visit is updated.", "{number} visits are updated.", number)


ROW_KINDS: Final[Mapping[str, BulkKind]] = {
    **KINDS,
    "verify": BulkKind(
        "crf:fields:verify_several",
        _("Verify the chosen forms against source"),
        _("I have compared these values with their source: verify them"),
        Permission.CRF_VERIFY,
        _verifying,
        _forms_done,
    ),
    "freeze": BulkKind(
        "crf:data:freeze_several",
        _("Freeze the chosen forms"),
        _("Freeze these forms"),
        Permission.CRF_LOCK,
        partial(_holding, freeze_data, LockKind.FROZEN),
        _forms_done,
    ),
    "lock": BulkKind(
        "crf:data:lock_forms",
        _("Lock the chosen forms"),
        _("Lock these forms"),
        Permission.CRF_LOCK,
        partial(_holding, lock_data, LockKind.LOCKED),
        _forms_done,
    ),
    "book": BulkKind(
        "followup:visits:propose",
        _("Book the chosen visits for one day"),
        _("Book these visits"),
        Permission.VISIT_RECORD,
        _booking,
        _visits_done,
    ),
    "took-place": BulkKind(
        "followup:visits:record",
        _("The chosen visits took place on the day that was booked"),
        _("Record these visits"),
        Permission.VISIT_RECORD,
        _taking_place,
        _visits_done,
    ),
}

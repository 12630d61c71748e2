"""Exports are cancelled, taken up again or stopped, and their files deleted; saved ones are taken by their rhythm."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from crf import catalogue
from exports.casebooks.papers import is_idle
from exports.database_lock.models import DatabaseLock
from exports.formats.kinds import DataFormat
from exports.jobs.progress import is_alone, tell_cancelled
from exports.models import Export, ExportDefinition, ExportFailure, ExportState, Rhythm
from exports.selected.selection import EVERYTHING_USUAL, KeptSelection, Selection
from exports.selected.services import may_take, settled_selection
from exports.services import (
    clear_runs,
    fail_export,
    path_of,
    refuse_odd_purpose,
    request_export,
)
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.tasks import send
from trials.models.people import with_grants
from trials.services.registers import BasisMissing, basis_to_leave

MOST_RUNS: Final = 3
PATIENCE: Final = timedelta(minutes=2)  # a task that is on its way needs no second one
MONDAY: Final = 0
LONGEST_NAME: Final = 80


class ExportOver(Refusal):
    code = "exports.export_over"
    message = _("This export is “{state}” and cannot be cancelled any more.")


class NoFileToDelete(Refusal):
    code = "exports.no_file_to_delete"
    message = _("This export has no file that could be deleted.")


class KeptForLock(Refusal):
    code = "exports.kept_for_lock"
    message = _("This is the data set of a lock of the database. Its file is kept.")


class DefinitionNameTaken(Refusal):
    code = "exports.definition_name_taken"
    fields = ("name",)
    message = _("You have a saved export “{name}” already. Give another name, or end that one.")
    status = 422


class DefinitionNameMissing(Refusal):
    code = "exports.definition_name_missing"
    fields = ("name",)
    message = _("Give the saved export a name of 1 to {most} characters.")
    status = 422


def cancel_export(*, export: Export, by: User, at: datetime) -> Export:
    """The export is not written, or not written on; nothing of it is kept.

    Refuses: one that is over. Locks: the export.
    """
    with open_act("exports:export:cancel", by=by, at=at) as act:
        locked = Export.objects.select_for_update().get(pk=export.pk)
        if locked.state not in (ExportState.QUEUED, ExportState.RUNNING):
            raise ExportOver(state=locked.get_state_display())
        locked.state, locked.finished_at, locked.act = ExportState.CANCELLED, at, act
        locked.save(update_fields=["state", "finished_at", "act"])
        transaction.on_commit(lambda: tell_cancelled(locked))
    return locked


def delete_file(*, export: Export, by: User | None, at: datetime) -> Export:
    """The file of the export is gone; what it held, and that it was deleted, stays on the register.

    Refuses: an export without a file; the data set of a lock of the database. Locks: the export.
    """
    with open_act("exports:export:delete_file", by=by, at=at) as act:
        locked = Export.objects.select_for_update().get(pk=export.pk)
        if locked.state != ExportState.DONE or locked.deleted_at is not None:
            raise NoFileToDelete
        if DatabaseLock.objects.filter(export=locked).exists():
            raise KeptForLock
        locked.deleted_at, locked.act = at, act
        locked.save(update_fields=["deleted_at", "act"])
        transaction.on_commit(lambda: path_of(locked).unlink(missing_ok=True))
    return locked


def look_after_exports(*, at: datetime) -> None:
    """Exports that nobody writes are sent for again or given up, and files whose time is over are deleted."""
    with transaction.atomic():
        waiting = list(
            Export.objects.filter(state=ExportState.QUEUED, requested_at__lt=at - PATIENCE).values_list(
                "pk", flat=True
            )
        )
        begun = Export.objects.filter(state=ExportState.RUNNING, begun_at__lt=at - PATIENCE)
        left = [export for export in begun if _is_left(export, at=at)]
        locks = DatabaseLock.objects.exclude(export=None).values("export")
        before = at - timedelta(days=settings.EXPORT_KEEP_DAYS)
        over = list(
            Export.objects.filter(state=ExportState.DONE, deleted_at=None, finished_at__lt=before).exclude(
                pk__in=locks
            )
        )
    for export in left:
        if (export.runs or 0) >= MOST_RUNS:
            clear_runs(export)
            fail_export(export=export, at=at, failure=ExportFailure.STOPPED)
        else:
            waiting.append(export.pk)
    for pk in waiting:
        send("exports:write", pk, may_fail=True)
    for export in over:
        delete_file(export=export, by=None, at=at)


def _is_left(export: Export, *, at: datetime) -> bool:
    """Say whether nobody writes the export that was begun."""
    if DataFormat(export.data_format or DataFormat.CSV).is_printed:
        return is_idle(export, at=at, after=PATIENCE)
    return is_alone(export)


def save_definition(
    *,
    name: str,
    forms: list[str],
    sites: list[str],
    purpose: str,
    rhythm: str,
    language: str,
    data_format: str,
    leaves_country: bool = False,
    selection: Selection = EVERYTHING_USUAL,
    by: User,
    at: datetime,
) -> ExportDefinition:
    """The choice is saved under a name; it is taken from a page, or by its rhythm with a mail to its owner.

    Refuses: a name that is empty, long, or that another saved export of the person bears; no purpose; a selection
    that an export of it would be refused for; data that leave the country without a basis in force.
    Locks: what ``settled_selection`` locks.
    """
    with open_act("exports:definition:save", by=by, at=at) as act:
        refuse_odd_purpose(purpose)
        if not 0 < len(name) <= LONGEST_NAME:
            raise DefinitionNameMissing(most=LONGEST_NAME)
        if ExportDefinition.objects.filter(owner=by, name=name, ended_at=None).exists():
            raise DefinitionNameTaken(name=name)
        settled = settled_selection(selection, sites=sites, data_format=data_format, by=by, at=at)
        if leaves_country:
            basis_to_leave(on=local_date(at, settings.TRIAL_TIME_ZONE))
        return ExportDefinition.objects.create(
            leaves_country=leaves_country,
            selection=settled.as_json(),
            name=name,
            owner=by,
            purpose=purpose,
            forms=[code for code in catalogue.forms() if code in forms],
            site_codes=sorted(sites),
            language=language,
            data_format=data_format,
            rhythm=rhythm,
            saved_at=at,
            act=act,
        )


def end_definition(*, definition: ExportDefinition, by: User, at: datetime) -> None:
    """The saved export is not taken any more.

    Locks: the saved export.
    """
    with open_act("exports:definition:end", by=by, at=at) as act:
        locked = ExportDefinition.objects.select_for_update().get(pk=definition.pk, owner=by)
        if locked.ended_at is None:
            locked.ended_at, locked.act = at, act
            locked.save(update_fields=["ended_at", "act"])


def take_definition(
    *,
    definition: ExportDefinition,
    by: User,
    at: datetime,
    due_on: date | None = None,
    stopped: ExportFailure | None = None,
    why: str = "",
) -> Export:
    """An export of the saved choice is on the register, once for each day on which it is due.

    ``stopped`` says why it may not be taken any more, ``why`` in which words it was refused; then nothing of it is
    written.

    Refuses: what ``request_export`` refuses.
    """
    with open_act("exports:definition:take", by=by, at=at) as act:
        export = request_export(
            forms=definition.forms,
            sites=definition.site_codes,
            purpose=definition.purpose,
            language=definition.language,
            data_format=definition.data_format,
            leaves_country=bool(definition.leaves_country) and stopped is None,
            selection=(KeptSelection if stopped else Selection).of(definition.selection),
            by=by,
            at=at,
        )
        export.definition, export.due_on, export.act = definition, due_on, act
        export.save(update_fields=["definition", "due_on", "act"])
        if stopped:
            fail_export(export=export, at=at, failure=stopped, why=why)
    return export


def take_due(*, on: date, at: datetime) -> int:
    """Saved exports that are due on the day are taken, each in its owner's name; return how many.

    One whose owner may not take it any more, whose basis for leaving the country has ended or whose choice is refused
    is on the register as stopped, and the others are taken.
    """
    rhythms = [Rhythm.WEEKLY] * (on.weekday() == MONDAY) + [Rhythm.MONTHLY] * (on.day == 1)
    with transaction.atomic():
        due = ExportDefinition.objects.filter(rhythm__in=rhythms, ended_at=None).exclude(exports__due_on=on)
        definitions = list(due.select_related("owner"))
    for definition in definitions:
        with transaction.atomic():
            owner = with_grants(definition.owner, on=on)
            _take_or_stop(definition, owner, on, at)
    return len(definitions)


def _take_or_stop(definition: ExportDefinition, owner: User, on: date, at: datetime) -> None:
    told: dict[str, Any] = {"definition": definition, "by": owner, "at": at, "due_on": on}
    try:
        take_definition(**told, stopped=_stopped_by(owner, definition, on))
    except Refusal as refused:
        take_definition(**told, stopped=ExportFailure.CHOICE_ENDED, why=str(refused))


def _stopped_by(owner: User, definition: ExportDefinition, on: date) -> ExportFailure | None:
    if not may_take(definition, owner):
        return ExportFailure.RIGHT_ENDED
    if definition.leaves_country:
        try:
            basis_to_leave(on=on)
        except BasisMissing:
            return ExportFailure.BASIS_ENDED
    return None

"""Exports are asked for, written and handed out. Each is an act."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import User
from audit.acts import open_act, record_act
from crf import catalogue
from crf.engine.declaration import FormDeclaration
from exports.cuts import Cut, plan_for_many
from exports.formats.kinds import DataFormat
from exports.jobs.progress import ExportCancelledError, forget_progress, is_alone, tell_progress
from exports.jobs.ready_mail import tell_ready
from exports.kept_cuts.services import (
    CutHasName,
    OneCutOnly,
    cut_named,
    cut_of,
    keep_cut,
    refuse_cut_name,
    settle_cuts,
)
from exports.listed.catalogue import BY_NAME
from exports.models import (
    ArmLetters,
    ArmShown,
    CutReading,
    Export,
    ExportDownload,
    ExportFailure,
    ExportState,
    KeptCut,
)
from exports.packages import refuse_format
from exports.selected.selection import EVERYTHING_USUAL, KeptSelection, Selection
from exports.selected.services import may_take, note_identifying, refuse_file_of, settled_selection
from exports.writing import AboutExport, Manifest, WantedFiles, write_zip
from kernel.clock import local_date, with_offset
from kernel.errors import Refusal
from kernel.files import digest_of_file
from kernel.punctuation import listed
from kernel.row_keys import row_key
from kernel.snapshot import one_snapshot
from kernel.tasks import send
from trials.models import Site
from trials.models.people import with_grants
from trials.services.registers import basis_to_leave

LONGEST_PURPOSE = 200


class NothingChosen(Refusal):
    code = "exports.nothing_chosen"
    message = _("Choose at least one form or table, and one site.")
    status = 422


class UnknownForm(Refusal):
    code = "exports.unknown_form"
    message = _("There is no form {code}.")
    status = 400


class UnknownSite(Refusal):
    code = "exports.unknown_site"
    message = _("There is no site {code} whose data you may take.")
    status = 400


class UnknownLanguage(Refusal):
    code = "exports.unknown_language"
    message = _("There are no labels in the language “{code}”. Choose one of {known}.")
    status = 400


class UnknownFormat(Refusal):
    code = "exports.unknown_format"
    message = _("No export is written as “{code}”. Choose one of {known}.")
    status = 400


class ReadingWithoutPurpose(Refusal):
    code = "exports.reading_without_purpose"
    message = _(
        "Answers of many participants are read for a purpose, which is kept in the audit trail. Say it in “purpose”, "
        "or name one participant in “participant”."
    )
    status = 400


class PurposeMissing(Refusal):
    code = "exports.purpose_missing"
    fields = ("purpose",)
    message = _("Say what the export is for: the purpose is kept in the register of exports.")
    status = 422


class PurposeTooLong(Refusal):
    code = "exports.purpose_too_long"
    fields = ("purpose",)
    message = _("The purpose has {number} characters; the register keeps {most}. Say it in fewer words.")
    status = 422


class CutInFuture(Refusal):
    code = "exports.cut_in_future"
    fields = ("cut_at",)
    message = _(
        "The moment {cut} has not come yet. Choose one in the past, or leave it empty to export what stands now."
    )
    status = 422


class OnlyAsItStands(Refusal):
    code = "exports.only_as_it_stands"
    fields = ("cut_at", "cut", "cut_name")
    message = _("Casebooks are printed as the records stand. Leave the moment, the cut and its name out.")
    status = 422


class ExportNotReady(Refusal):
    code = "exports.export_not_ready"
    message = _("This export is “{state}”. There is no file to download.")


class FileDeleted(Refusal):
    code = "exports.file_deleted"
    message = _("The file was deleted on {day}. Take the export again: the same cut gives the same data.")
    status = 410


class FileChanged(Refusal):
    code = "exports.file_changed"
    message = _("The file is not the one that was written: its digest differs. Take the export again.")


def request_export(
    *,
    forms: list[str],
    sites: list[str],
    purpose: str,
    cut_at: datetime | None = None,
    cut: str = "",
    cut_name: str = "",
    language: str = "en",
    data_format: str = DataFormat.CSV.value,
    leaves_country: bool = False,
    selection: Selection = EVERYTHING_USUAL,
    by: User,
    at: datetime,
) -> Export:
    """The export is on the register and will be written by the worker (requirements 21).

    A ``KeptSelection`` is taken as it was kept: the rights of whose it is are asked elsewhere.
    ``cut`` names a moment that was kept; ``cut_name`` is the name that a moment which is read anew is to have.
    Data that leave the country rest on a basis in the registers that a second person approved.
    Refuses: no purpose, or a long one; a language, format, form, site, cut or part of the selection that does not
    exist; casebooks without their right, or of a past moment; the arm, results by arm or identifying answers without
    the right; a moment that is still to come; a name that is taken; data that leave the country without a basis in
    force.
    """
    with open_act("exports:export:request", by=by, at=at) as act:
        refuse_odd_purpose(purpose)
        if language not in dict(settings.LANGUAGES):
            raise UnknownLanguage(code=language, known=listed(dict(settings.LANGUAGES)))
        if data_format not in DataFormat.values:
            raise UnknownFormat(code=data_format, known=listed(DataFormat.values))
        if not isinstance(selection, KeptSelection):
            refuse_format(data_format, by)
            _refuse_past(data_format, cut, cut_at, cut_name)
        _refuse_odd_scope(forms or list(selection.tables or ()), sites, cut_at, at)
        settled = (
            selection
            if isinstance(selection, KeptSelection)
            else settled_selection(selection, sites=sites, data_format=data_format, by=by, at=at)
        )
        kept = _kept_cut(cut, cut_at, cut_name)
        export = Export.objects.create(
            requested_by=by,
            requested_at=at,
            purpose=purpose,
            cut_at=kept.cut_at if kept else cut_at,
            cut=kept,
            cut_name=cut_name or None,
            basis=basis_to_leave(on=local_date(at, settings.TRIAL_TIME_ZONE)) if leaves_country else None,
            forms=[code for code in catalogue.forms() if code in forms],
            site_codes=sorted(set(sites)),
            language=language,
            data_format=data_format,
            selection=settled.as_json(),
            act=act,
        )
        note_identifying(export, by=by, at=at)
        send("exports:write", export.pk, may_fail=True)  # beat takes up what a broker that is away never had
    return export


def _kept_cut(cut: str, cut_at: datetime | None, cut_name: str) -> KeptCut | None:
    """Return the kept cut that is asked for, if one is."""
    if not cut:
        if cut_name:
            refuse_cut_name(cut_name)
        return None
    if cut_at is not None:
        raise OneCutOnly
    kept = cut_named(cut)
    if cut_name:
        raise CutHasName(name=kept.name)
    return kept


def _refuse_past(data_format: str, cut: str, cut_at: datetime | None, cut_name: str) -> None:
    """Refuse a moment of the past for what is printed from the records as they stand."""
    if DataFormat(data_format).is_printed and (cut or cut_at is not None or cut_name):
        raise OnlyAsItStands


def refuse_odd_purpose(purpose: str) -> None:
    """Refuse to take data out without a purpose, or with one that the register cannot keep."""
    if not purpose.strip():
        raise PurposeMissing
    _refuse_long_purpose(purpose)


def _refuse_long_purpose(purpose: str) -> None:
    if len(purpose) > LONGEST_PURPOSE:
        raise PurposeTooLong(number=len(purpose), most=LONGEST_PURPOSE)


def record_reading(*, form: FormDeclaration, purpose: str, by: User, at: datetime) -> None:
    """It is on record that a program read a page of the answers of many participants, of which form and what for.

    Refuses: a reading without a purpose, or with one that is too long.
    """
    if not purpose.strip():
        raise ReadingWithoutPurpose
    _refuse_long_purpose(purpose)
    record_act("exports:answers:read", by=by, at=at, reason=f"{form.code}: {purpose}")


def _refuse_odd_scope(forms: list[str], sites: list[str], cut_at: datetime | None, at: datetime) -> None:
    known = set(Site.objects.filter(code__in=sites).values_list("code", flat=True))
    if not forms or not sites:
        raise NothingChosen
    for code in sites:
        if code not in known:
            raise UnknownSite(code=code)
    for code in forms:
        if code not in catalogue.forms() and code not in BY_NAME:
            raise UnknownForm(code=code)
    if cut_at is not None and cut_at > at:
        raise CutInFuture(cut=_local(cut_at))


def path_of(export: Export) -> Path:
    """Return where the export's file is kept."""
    return Path(settings.MEDIA_ROOT) / export.file_name


def write_export(*, export: Export, at: datetime) -> Export:
    """The export is written in one snapshot of the database and on record as done; done twice, it is as once.

    Its state changes in short transactions of their own, so that it can be cancelled meanwhile; the writing holds a
    lock that ends with its process. One whose owner may not take it any more is on record as stopped.
    Locks: the export; where somebody else writes it, nothing happens.
    """
    begun = _begin(export, at)
    if begun is None:
        return export
    unfinished = path_of(begun).with_name(f"palace3-{begun.pk}-run-{begun.runs}.zip")
    try:
        with one_snapshot():
            cut = _cut_of(begun)
            if not is_alone(begun):
                return export
            if not Selection.of(begun.selection).participants:  # of a few, a record at a time is quicker
                plan_for_many()
            with override(begun.language):
                manifest = write_zip(
                    unfinished,
                    wanted=_wanted(begun, cut),
                    about=about_export(begun, cut),
                    tell=lambda done, of: tell_progress(begun, done, of),
                )
        return finish_export(begun, cut, manifest, unfinished, at)
    except ExportCancelledError:
        with transaction.atomic():
            return Export.objects.get(pk=export.pk)
    finally:
        unfinished.unlink(missing_ok=True)
        forget_progress(begun)


def _wanted(export: Export, cut: Cut) -> WantedFiles:
    selection = Selection.of(export.selection)
    letters = ArmLetters.objects.first() if selection.arm == ArmShown.MASKED else None
    return WantedFiles(
        tuple(export.forms), tuple(export.site_codes), cut, selection, letters.arm_of_a if letters else ""
    )


def _begin(export: Export, at: datetime) -> Export | None:
    """The export is being written; None where it is done, cancelled or written by somebody else."""
    with transaction.atomic():
        waiting = Export.objects.select_for_update(skip_locked=True, of=("self",))
        states = (ExportState.QUEUED, ExportState.RUNNING)
        joined = waiting.select_related("requested_by", "cut")
        one_file = joined.exclude(data_format=DataFormat.CASEBOOKS)  # which are begun and made one by one
        locked: Export | None = one_file.filter(pk=export.pk, state__in=states).first()
        if locked is None or not is_alone(locked) or _is_stopped(locked, at):
            return None
        clear_runs(locked)
        forget_progress(locked)
        with open_act("exports:export:begin", by=None, at=at) as act:
            locked.state, locked.begun_at, locked.act = ExportState.RUNNING, at, act
            locked.runs = (locked.runs or 0) + 1
            locked.save(update_fields=["state", "begun_at", "runs", "act"])
    return locked


def _is_stopped(locked: Export, at: datetime) -> bool:
    """The export is on record as stopped where whoever asked for it may not take it any more; say whether it is."""
    owner = with_grants(locked.requested_by, on=local_date(at, settings.TRIAL_TIME_ZONE))
    if may_take(locked, owner):
        return False
    clear_runs(locked)
    fail_export(export=locked, at=at, failure=ExportFailure.RIGHT_ENDED)
    return True


def clear_runs(export: Export) -> None:
    """Nothing is left of what workers that were killed had written of the export."""
    for left in Path(settings.MEDIA_ROOT).glob(f"palace3-{export.pk}-run-*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def about_export(export: Export, cut: Cut) -> AboutExport:
    """Return what the manifest says of an export as it was asked for, and of the moment that it shows."""
    return {
        "export": row_key(export),
        "requested_by": export.requested_by.username,
        "requested_at": _local(export.requested_at),
        "purpose": export.purpose,
        "data_as_of": _local(cut.at),
        "read_by": str(CutReading.STORING if cut.by_storing else CutReading.SNAPSHOT),
        "cut": export.cut.name if export.cut else export.cut_name or "",
        "format": export.data_format or DataFormat.CSV.value,
        "forms": export.forms,
        "sites": export.site_codes,
        "selection": export.selection or {},
    }


def finish_export(
    begun: Export, cut: Cut | None, manifest: Manifest, unfinished: Path, at: datetime
) -> Export:
    """The export is done and its file in its place, unless it was cancelled or its owner's right ended meanwhile.

    Where somebody began it anew since the snapshot ended, the file is gone and the export is theirs.
    Files of several moments have no cut: the export is of the moment at which it was begun.
    Locks: the export.
    """
    with transaction.atomic():
        joined = Export.objects.select_for_update(of=("self",)).select_related("requested_by", "cut")
        locked = joined.get(pk=begun.pk)
        if locked.state != ExportState.RUNNING or not unfinished.exists() or _is_stopped(locked, at):
            return locked
        with open_act("exports:export:write", by=None, at=at) as act:
            if cut is None:
                locked.cut_at = begun.begun_at
            else:
                locked.cut = begun.cut or keep_cut(cut, name=locked.cut_name or "", act=act, at=at)
                locked.cut_at, locked.snapshot = cut.at, cut.snapshot or None
            locked.manifest, locked.state, locked.finished_at = manifest, ExportState.DONE, at
            locked.act = act
            locked.digest = digest_of_file(unfinished)
            locked.rows = sum(file["written"] for file in manifest["files"])
            locked.save(
                update_fields=[
                    *(
                        "cut",
                        "cut_at",
                        "snapshot",
                        "manifest",
                        "state",
                        "finished_at",
                        "digest",
                        "rows",
                        "act",
                    )
                ]
            )
            tell_ready(locked, at=at)
            send("audit:anchor", "export", may_fail=True)
        unfinished.rename(path_of(locked))
    settle_cuts(at=at)
    return locked


def _cut_of(export: Export) -> Cut:
    """Return the moment that the export shows: the one asked for, else that of the snapshot being read.

    A moment that another export read is read again as that one saw it, transactions open at the time left out.
    """
    if export.cut is not None:
        return cut_of(export.cut)
    if export.cut_at is None:
        return Cut.of_this_snapshot()
    kept = KeptCut.objects.filter(cut_at=export.cut_at).order_by("pk").first()
    if kept is not None:
        export.cut = None if export.cut_name else kept
        return cut_of(kept)
    cut = Cut.of_moment(export.cut_at)
    earlier = Export.objects.filter(cut_at=export.cut_at, snapshot__isnull=False).first()
    if earlier is None:
        return cut
    return replace(cut, snapshot=earlier.snapshot or "", by_storing=False, unseen_acts=None)


def _local(at: datetime) -> str:
    return with_offset(at, settings.TRIAL_TIME_ZONE)


def fail_export(*, export: Export, at: datetime, failure: ExportFailure, why: str = "") -> None:
    """The export is on record as failed, with the reason; no file is kept.

    Locks: the export; one that ended otherwise stays as it is.
    """
    with transaction.atomic():
        states = (ExportState.QUEUED, ExportState.RUNNING)
        locked = Export.objects.select_for_update().filter(pk=export.pk, state__in=states).first()
        if locked is None:
            return
        with open_act("exports:export:fail", by=None, at=at, reason=why) as act:
            locked.state, locked.failure, locked.finished_at = ExportState.FAILED, failure, at
            locked.act = act
            locked.save(update_fields=["state", "failure", "finished_at", "act"])
            tell_ready(locked, at=at)


def file_to_hand_out(export: Export) -> Path:
    """Return the file of an export, which is as it was written.

    Refuses: an export that is not done, or whose file was deleted; a file that is no longer as it was written.
    """
    if export.deleted_at is not None:
        raise FileDeleted(day=local_date(export.deleted_at, settings.TRIAL_TIME_ZONE).isoformat())
    if export.state != ExportState.DONE or not path_of(export).exists():
        raise ExportNotReady(state=export.get_state_display())
    if digest_of_file(path_of(export)) != export.digest:
        raise FileChanged
    return path_of(export)


def hand_out(*, export: Export, by: User, at: datetime, first_byte: int = 0) -> Path:
    """The file may be read now, from ``first_byte`` on; that it was handed out, to whom and when, is on record.

    Refuses: what ``file_to_hand_out`` refuses; results by arm, a file with the arm or with identifying answers for
    who may not take them.
    """
    with open_act("exports:export:download", by=by, at=at) as act:
        refuse_file_of(export, by)
        path = file_to_hand_out(export)
        ExportDownload.objects.create(export=export, by=by, at=at, first_byte=first_byte, act=act)
    return path

"""Casebooks are made one by one, each a file of its own: a worker that is killed loses the one in hand, no other."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from accounts.models import User
from audit.acts import open_act
from audit.models import Act
from exports.casebook.paper import Making, casebook_sheet
from exports.casebooks.papers import (
    LIST,
    PAPER,
    BegunCasebooks,
    MadeCasebook,
    begun_of,
    casebook_at,
    digest_of_pages,
    folder_of,
    keep_begun,
    keep_casebook,
    lane_of,
    list_of,
    listed_in,
    number_made,
    place_of,
)
from exports.cuts import Cut
from exports.formats.kinds import DataFormat
from exports.jobs.progress import ExportCancelledError, forget_progress, tell_progress
from exports.models import Export, ExportFailure, ExportState
from exports.selected.selection import Selection
from exports.selected.services import may_take
from exports.services import about_export, fail_export, finish_export, path_of
from exports.site_copy.work import clear, work_on
from exports.writing import FileInManifest, Manifest, manifest_of
from kernel.clock import local_date, with_offset
from kernel.files import make_own_file
from kernel.long_paper import set_long_page
from kernel.snapshot import one_snapshot
from kernel.tasks import send
from trials.models import Participant
from trials.models.people import with_grants

LANES: Final = 2  # so many workers at once; others are free for what else is to be done
CASEBOOKS_A_RUN: Final = 5  # a run ends long before the longest time that a task may take
EARLIER: Final = 5  # so many earlier exports are looked through for casebooks that still say the same


def start_casebooks(*, export: Export, at: datetime) -> None:
    """The casebooks are being made, by as many workers as there are lanes; done again, what stands is kept.

    ``runs`` counts how often a worker took them up and nothing had been made since.
    Locks: the export; one that is over stays as it is.
    """
    with transaction.atomic():
        waiting = Export.objects.select_for_update(skip_locked=True, of=("self",))
        states = (ExportState.QUEUED, ExportState.RUNNING)
        locked = waiting.filter(pk=export.pk, state__in=states).first()
        if locked is None:
            return
        begun, papers = begun_of(locked), number_made(locked)
        if begun is None or papers == begun.papers:
            with open_act("exports:export:begin", by=None, at=at) as act:
                locked.state, locked.act, locked.runs = ExportState.RUNNING, act, (locked.runs or 0) + 1
                locked.begun_at = locked.begun_at or at
                locked.save(update_fields=["state", "begun_at", "runs", "act"])
            begun = begun or BegunCasebooks(act.pk, locked.begun_at, 0)
        keep_begun(locked, BegunCasebooks(begun.act, begun.at, papers))
        for _lane in range(LANES):
            send("exports:casebooks", locked.pk, may_fail=True)


def make_casebooks(*, export: Export, at: datetime) -> bool:
    """Some more casebooks are made, and the archive when all are there; say whether this lane did anything.

    Refuses: a server that cannot print. Locks: a lane, and each casebook while it is made; what others hold is theirs.
    """
    for lane in range(LANES):
        with work_on(lane_of(export, lane)) as is_ours:
            if is_ours:
                return _make_some(export, at)
    return False


def _make_some(export: Export, at: datetime) -> bool:
    running = _running(export, at)
    begun = begun_of(export)
    if running is None or begun is None:
        return False
    reader, made_here = running.requested_by, 0
    people = _people(running)
    for participant in people:
        place = place_of(running, participant.number)
        if casebook_at(place) is not None:
            continue
        with work_on(place) as is_ours:
            if not is_ours or casebook_at(place) is not None:
                continue
            keep_casebook(place, *_casebook(running, participant, reader, begun, at))
        made_here += 1
        if _is_cancelled(running, len(people)):
            return False
        if made_here == CASEBOOKS_A_RUN:
            break
    if number_made(running) < len(people):
        if made_here:
            send("exports:casebooks", running.pk, may_fail=True)
        return bool(made_here)
    return _archived(running, people, begun, at)


def _running(export: Export, at: datetime) -> Export | None:
    """Return the export while it is being made; what is left of one that is over is cleared away."""
    with transaction.atomic():
        row = Export.objects.select_related("requested_by", "cut").get(pk=export.pk)
    if row.state != ExportState.RUNNING:
        clear(folder_of(row))
        return None
    owner = with_grants(row.requested_by, on=local_date(at, settings.TRIAL_TIME_ZONE))
    with transaction.atomic():
        may = may_take(row, owner)
    if not may:
        fail_export(export=row, at=at, failure=ExportFailure.RIGHT_ENDED)
        clear(folder_of(row))
        return None
    return row


@transaction.atomic
def _people(export: Export) -> list[Participant]:
    chosen = Selection.of(export.selection).participants
    people = Participant.objects.filter(site__code__in=export.site_codes).select_related("site")
    return list((people.filter(number__in=chosen) if chosen else people).order_by("number"))


def _is_cancelled(export: Export, of: int) -> bool:
    try:
        tell_progress(export, number_made(export), of)
    except ExportCancelledError:
        clear(folder_of(export))
        forget_progress(export)
        return True
    return False


def _casebook(
    export: Export, participant: Participant, reader: User, begun: BegunCasebooks, at: datetime
) -> tuple[MadeCasebook, bytes]:
    """Return the casebook as it is now; one that an earlier export made and that says the same is taken over.

    It shows the moment at which the export was begun, unless something about the participant was stored since.
    """
    with one_snapshot():
        moved = Act.objects.filter(participant_id=participant.pk, pk__gt=begun.act).exists()
        as_of = max(at, begun.at) if moved else begun.at
        making = Making(pk=begun.act, by=reader, at=as_of, reason=export.purpose)
        sheet = casebook_sheet(participant, reader=reader, made=making, language=export.language)
    earlier = _taken_over(export, participant, sheet.content)
    if earlier is not None:
        return earlier
    pdf = set_long_page(sheet.page)
    made = MadeCasebook(
        number=participant.number,
        file=f"casebook-{participant.number}-{export.language}.pdf",
        sha256=digest_of_pages(pdf),
        size=len(pdf),
        data_as_of=with_offset(as_of, participant.site.time_zone),
        made_in=export.pk,
        content=sheet.content,
    )
    return made, pdf


def _taken_over(export: Export, participant: Participant, content: str) -> tuple[MadeCasebook, bytes] | None:
    for path in _earlier(export):
        with zipfile.ZipFile(path) as archive:
            for made in listed_in(archive):
                if made.number == participant.number and made.content == content:
                    pdf = archive.read(made.file)
                    return (made, pdf) if digest_of_pages(pdf) == made.sha256 else None
    return None


@transaction.atomic
def _earlier(export: Export) -> list[Path]:
    """Return the archives of the last exports of casebooks in the language whose files are still there."""
    done = Export.objects.filter(
        data_format=DataFormat.CASEBOOKS,
        language=export.language,
        state=ExportState.DONE,
        deleted_at=None,
        pk__lt=export.pk,
    )
    paths = [path_of(each) for each in done.order_by("-pk")[:EARLIER]]
    return [path for path in paths if path.exists()]


def _archived(export: Export, people: list[Participant], begun: BegunCasebooks, at: datetime) -> bool:
    """The archive stands and the export is done, once, whichever worker comes last."""
    with work_on(folder_of(export) / "archive") as is_ours:
        if not is_ours or _running(export, at) is None:
            return False
        unfinished = folder_of(export) / "archive.zip"
        manifest = _write_archive(unfinished, export, people, begun)
        finish_export(export, None, manifest, unfinished, max(at, begun.at))
    forget_progress(export)
    clear(folder_of(export))
    return True


def _write_archive(path: Path, export: Export, people: list[Participant], begun: BegunCasebooks) -> Manifest:
    listed: list[MadeCasebook] = []
    path.unlink(missing_ok=True)
    make_own_file(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for participant in people:
            place = place_of(export, participant.number)
            made = casebook_at(place)
            if made is None:
                raise FileNotFoundError(place)
            archive.write(place / PAPER, made.file)
            listed.append(made)
        content = list_of(listed)
        archive.writestr(LIST, content)
        files = [_in_manifest(each.file, 1, each.sha256) for each in listed]
        files.append(_in_manifest(LIST, len(listed), digest_of_pages(content)))
        manifest, text = manifest_of(about_export(export, Cut(at=begun.at, by_storing=False)), files)
        archive.writestr("manifest.json", text)
    return manifest


def _in_manifest(name: str, rows: int, digest: str) -> FileInManifest:
    return FileInManifest(
        file=name, expected=rows, written=rows, sha256=digest, columns=[], shortened=[], narrowed_by=[]
    )

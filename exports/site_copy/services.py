"""The copy for a site is made piece by piece, handed out, and deleted when its time is over."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from exports.casebook.paper import Making, casebook_page
from exports.services import FileChanged
from exports.site_copy.archive import AboutCopy, digest_of_file, write_archive
from exports.site_copy.trail import write_trail
from exports.site_copy.work import Begun, begin, clear, content_of, keep, work_on
from kernel.clock import with_offset
from kernel.long_paper import set_long_page
from kernel.snapshot import one_snapshot
from kernel.tasks import send
from reports.site_versions import data_digest_of
from trials.models import Participant, SiteCopy
from trials.models.closing import CopyFailure, CopyState
from trials.services.copies import copies_to_delete, fail_copy, finish_copy, note_deleted, note_download

PAPERS_A_RUN: Final = 20  # a run ends long before the longest time that a task may take
LANGUAGES: Final = ("en", "zh-hans")


def path_of_copy(copy: SiteCopy) -> Path:
    """Return where the file of the copy is kept."""
    return Path(settings.MEDIA_ROOT) / copy.file_name


def folder_of_copy(copy: SiteCopy) -> Path:
    """Return where the copy is being made."""
    return Path(settings.MEDIA_ROOT) / f"site-copy-{copy.pk}.work"


def make_site_copy(*, copy: SiteCopy, at: datetime) -> None:
    """The copy is ready, or some papers further; then the rest is sent for. Done twice, it is as done once.

    Each casebook is read in one moment. When all are there, the data are as they were at the beginning: a copy whose
    data moved meanwhile is begun anew.
    Refuses: a server that cannot print. Locks: the folder of the copy.
    """
    folder = folder_of_copy(copy)
    with work_on(folder) as is_ours:
        if not is_ours:
            return
        if not _is_wanted(copy, at=at):
            clear(folder)
            return
        begun = begin(folder, _state_now(copy, at=at))
        if _papers_missing(copy, folder, begun) or not _is_finished(copy, folder, begun, at=at):
            send("exports:site_copy", copy.pk, may_fail=True)


@transaction.atomic
def _is_wanted(copy: SiteCopy, *, at: datetime) -> bool:
    row = SiteCopy.objects.select_related("close_out", "site").get(pk=copy.pk)
    if row.state == CopyState.MAKING and row.close_out.ended_at is not None:
        fail_copy(copy=row, why=CopyFailure.TAKEN_BACK, at=at)
        return False
    return bool(row.state == CopyState.MAKING)


def _state_now(copy: SiteCopy, *, at: datetime) -> Begun:
    with one_snapshot():
        return Begun(data_digest_of(copy.site), at)


def _papers_missing(copy: SiteCopy, folder: Path, begun: Begun) -> bool:
    """Make the next papers; say whether some are left for another run."""
    missing = [each for each in _papers(copy, folder) if not each[2].exists()]
    for participant, language, path in missing[:PAPERS_A_RUN]:
        keep(path, _paper(copy, participant, language, begun))
    return len(missing) > PAPERS_A_RUN


def _papers(copy: SiteCopy, folder: Path) -> list[tuple[Participant, str, Path]]:
    with transaction.atomic():
        people = list(Participant.objects.filter(site=copy.site_id).select_related("site").order_by("number"))
    return [
        (each, language, content_of(folder) / "casebooks" / f"{each.number}-{language}.pdf")
        for each in people
        for language in LANGUAGES
    ]


def _paper(copy: SiteCopy, participant: Participant, language: str, begun: Begun) -> bytes:
    with one_snapshot(), translation.override(language):
        reason = _("Copy of the records for the site, at its close-out")
        made = Making(pk=copy.act_id, by=copy.asked_by, at=begun.at, reason=reason)
        page = casebook_page(participant, reader=None, made=made, language=language)
    return set_long_page(page)


def _is_finished(copy: SiteCopy, folder: Path, begun: Begun, *, at: datetime) -> bool:
    """Write the archive and note that it is ready; say no when the data moved since it was begun."""
    content = content_of(folder)
    with one_snapshot():
        if data_digest_of(copy.site) != begun.data_digest:
            return False
        (content / "audit").mkdir(mode=0o700, exist_ok=True)
        write_trail(content / "audit", copy.site)
        about = _about(copy, begun)
    path = path_of_copy(copy)
    write_archive(path, folder=content, about=about)
    finish_copy(
        copy=copy,
        digest=digest_of_file(path),
        size=path.stat().st_size,
        data_digest=begun.data_digest,
        data_as_of=begun.at,
        at=at,
    )
    clear(folder)
    return True


def _about(copy: SiteCopy, begun: Begun) -> AboutCopy:
    zone, closed_out_at = copy.site.time_zone, copy.close_out.confirmed_at
    return AboutCopy(
        site=f"{copy.site.code} {copy.site.name} · {copy.site.name_zh}",
        asked_by=copy.asked_by.display_name,
        asked_at=with_offset(copy.asked_at, zone),
        closed_out_at=with_offset(closed_out_at, zone) if closed_out_at else "",
        data_as_of=with_offset(begun.at, zone),
        data_sha256=begun.data_digest,
        participants=Participant.objects.filter(site=copy.site_id).count(),
    )


def stop_copy(*, copy: SiteCopy, why: CopyFailure, at: datetime) -> None:
    """The copy is on record as not made; nothing of it is kept."""
    fail_copy(copy=copy, why=why, at=at)
    clear(folder_of_copy(copy))


@transaction.atomic
def hand_out_copy(*, copy: SiteCopy, by: User, at: datetime) -> Path:
    """The file may be read now; that it was handed out is on record.

    Refuses: a copy that is not ready or deleted; a file that is no longer as it was written.
    """
    note_download(copy=copy, by=by, at=at)
    path = path_of_copy(copy)
    if not path.exists() or digest_of_file(path) != copy.digest:
        raise FileChanged
    return path


def look_after_copies(*, at: datetime) -> None:
    """Copies that wait are sent for again, and files whose time is over are deleted."""
    with transaction.atomic():
        waiting = list(SiteCopy.objects.being_made().values_list("pk", flat=True))
        over = list(copies_to_delete(at=at).select_related("site"))
    for pk in waiting:
        send("exports:site_copy", pk, may_fail=True)
    for copy in over:
        path_of_copy(copy).unlink(missing_ok=True)
        note_deleted(copy=copy, at=at)

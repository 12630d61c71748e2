"""The copy for a site is made piece by piece, handed out, and deleted when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
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
from exports.site_copy.answers import write_answers
from exports.site_copy.archive import AboutCopy, write_archive
from exports.site_copy.proofs import keys_of_copy
from exports.site_copy.trail import numbers_of_acts, write_trail
from exports.site_copy.work import clear, content_of, keep_paper, state_of_paper, work_on
from kernel.clock import with_offset
from kernel.files import digest_of_file
from kernel.long_paper import set_long_page
from kernel.snapshot import one_snapshot
from kernel.tasks import send
from reports.site_versions import data_digest_of, states_of_participants
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

    Each casebook is read in one moment. Before the file is closed each shows its records as they are in the moment of
    the trail and the answers: the papers of a participant whose data moved meanwhile are made anew.
    Refuses: a server that cannot print. Locks: the folder of the copy.
    """
    folder = folder_of_copy(copy)
    with work_on(folder) as is_ours:
        if not is_ours:
            return
        if not _is_wanted(copy, at=at):
            clear(folder)
            return
        content_of(folder).mkdir(mode=0o700, exist_ok=True)
        if _papers_missing(copy, folder, at) or not _is_finished(copy, folder, at=at):
            send("exports:site_copy", copy.pk, may_fail=True)


@transaction.atomic
def _is_wanted(copy: SiteCopy, *, at: datetime) -> bool:
    row = SiteCopy.objects.select_related("close_out", "site").get(pk=copy.pk)
    if row.state == CopyState.MAKING and row.close_out and row.close_out.ended_at is not None:
        fail_copy(copy=row, why=CopyFailure.TAKEN_BACK, at=at)
        return False
    return bool(row.state == CopyState.MAKING)


def _papers_missing(copy: SiteCopy, folder: Path, at: datetime) -> bool:
    """Make the next papers; say whether some are left for another run."""
    with one_snapshot():
        missing = list(_stale_papers(copy, folder))
    for participant, language, path, state in missing[:PAPERS_A_RUN]:
        keep_paper(folder, path, _paper(copy, participant, language, at), state=state)
    return len(missing) > PAPERS_A_RUN


def _stale_papers(copy: SiteCopy, folder: Path) -> Iterator[tuple[Participant, str, Path, str]]:
    """Yield the papers that show other records than the transaction reads, with the state of these."""
    states, papers = states_of_participants(copy.site), content_of(folder) / "casebooks"
    people = Participant.objects.filter(site=copy.site_id).select_related("site").order_by("number")
    for each in people:
        for language in LANGUAGES:
            path = papers / f"{each.number}-{language}.pdf"
            if state_of_paper(folder, path) != states[each.pk]:
                yield each, language, path, states[each.pk]


def _paper(copy: SiteCopy, participant: Participant, language: str, at: datetime) -> bytes:
    with one_snapshot(), translation.override(language):
        at_close_out = _("Copy of the records for the site, at its close-out")
        reason = at_close_out if copy.close_out_id else _("Copy of the records for the site")
        made = Making(pk=copy.act_id, by=copy.asked_by, at=at, reason=reason)
        page = casebook_page(participant, reader=None, made=made, language=language)
    return set_long_page(page)


def _is_finished(copy: SiteCopy, folder: Path, *, at: datetime) -> bool:
    """Write the archive and note that it is ready; say no when data moved since their paper was made."""
    content = content_of(folder)
    with one_snapshot():
        if next(_stale_papers(copy, folder), None) is not None:
            return False
        _drop_papers_of_others(copy, content)
        for name in ("audit", "odm"):
            (content / name).mkdir(mode=0o700, exist_ok=True)
        keys = keys_of_copy()
        write_trail(content / "audit", copy.site, keys)
        write_answers(content / "odm", copy.site, acts=numbers_of_acts(copy.site), keys=keys, at=at)
        about = _about(copy, data_digest_of(copy.site), at)
    path = path_of_copy(copy)
    write_archive(path, folder=content, about=about)
    finish_copy(
        copy=copy,
        digest=digest_of_file(path),
        size=path.stat().st_size,
        data_digest=about.data_sha256,
        data_as_of=at,
        at=at,
    )
    clear(folder)
    return True


def _drop_papers_of_others(copy: SiteCopy, content: Path) -> None:
    """Nobody who was transferred to another site while the copy was made stays in it."""
    people = set(Participant.objects.filter(site=copy.site_id).values_list("number", flat=True))
    for path in (content / "casebooks").glob("*.pdf"):
        if not any(path.stem == f"{number}-{language}" for number in people for language in LANGUAGES):
            path.unlink()


def _about(copy: SiteCopy, data_digest: str, at: datetime) -> AboutCopy:
    zone, closed_out_at = copy.site.time_zone, copy.close_out.confirmed_at if copy.close_out else None
    return AboutCopy(
        site=f"{copy.site.code} {copy.site.name} · {copy.site.name_zh}",
        asked_by=copy.asked_by.display_name,
        asked_at=with_offset(copy.asked_at, zone),
        closed_out_at=with_offset(closed_out_at, zone) if closed_out_at else "",
        data_as_of=with_offset(at, zone),
        data_sha256=data_digest,
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

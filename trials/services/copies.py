"""The copy that a site keeps of its records: asked for, made by the worker, downloaded, and deleted in the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from audit.models import Act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.tasks import send
from trials.models import CloseOut, Site, SiteCopy, SiteCopyDownload
from trials.models.closing import CopyFailure, CopyState
from trials.models.sites import SiteState

KEPT_FOR: Final = timedelta(days=90)  # after the investigator has confirmed that the site has its copy


class CopyConfirmed(Refusal):
    code = "trials.copy_confirmed"
    message = _(
        "Site {site} confirmed on {day} that it holds its copy of the records. The close-out is final; a new fact "
        "about a participant is recorded by the keeper of the follow-up."
    )


class CopyNotDue(Refusal):
    code = "trials.copy_not_due"
    message = _("Site {site} is not closed out. Its copy of the records is made after the close-out.")


class CopyAtCloseOut(Refusal):
    code = "trials.copy_at_close_out"
    message = _(
        "Site {site} is closed out. Its copy of the records is asked for on the page of the close-out."
    )


class CopyNotReady(Refusal):
    code = "trials.copy_not_ready"
    message = _(
        "This copy is “{state}”, so there is no file. Wait until it is ready, or have a new copy made."
    )


class CopyReplaced(Refusal):
    code = "trials.copy_replaced"
    message = _("A newer copy was asked for. Wait until it is ready, download it, then confirm that one.")


class CopyNotDownloaded(Refusal):
    code = "trials.copy_not_downloaded"
    message = _("You have not downloaded this copy. Download it, see that it opens, then confirm.")


class CopyOutdated(Refusal):
    code = "trials.copy_outdated"
    message = _(
        "Records of the site have changed since this copy was made. Have a new copy made, download it, then confirm "
        "that one."
    )


class CopyDeleted(Refusal):
    code = "trials.copy_deleted"
    message = _("The file of this copy was deleted on {day}. The site has the copy that it confirmed.")


def ask_copy(*, close_out: CloseOut, by: User, at: datetime) -> SiteCopy:
    """A copy for the site is being made by the worker; where one is already, it is that one.

    Refuses: a site that is not closed out, and one that has confirmed its copy. Locks: the site.
    """
    with open_act("trials:site_copy:ask", by=by, at=at, site=close_out.site) as act:
        site = Site.objects.select_for_update().get(pk=close_out.site_id)
        standing = CloseOut.objects.standing().filter(pk=close_out.pk).exclude(confirmed_at=None).first()
        if standing is None:
            raise CopyNotDue(site=site.code)
        refuse_confirmed_copy(standing, site)
        return _wanted(site, standing, act)


def ask_living_copy(*, site: Site, by: User, at: datetime) -> SiteCopy:
    """A copy of the records of a site that works is being made by the worker; where one is already, it is that one.

    Refuses: a site that is closed out. Locks: the site.
    """
    with open_act("trials:site_copy:ask", by=by, at=at, site=site) as act:
        locked = Site.objects.select_for_update().get(pk=site.pk)
        if locked.state == SiteState.CLOSED_OUT:
            raise CopyAtCloseOut(site=locked.code)
        return _wanted(locked, None, act)


def _wanted(site: Site, close_out: CloseOut | None, act: Act) -> SiteCopy:
    copy = SiteCopy.objects.being_made().filter(site=site, close_out=close_out).first()
    if copy is None:
        told = {"close_out": close_out, "site": site, "asked_by": act.by, "asked_at": act.at}
        copy = SiteCopy.objects.create(**told, act=act)
    send("exports:site_copy", copy.pk, may_fail=True)
    return copy


def finish_copy(
    *, copy: SiteCopy, digest: str, size: int, data_digest: str, data_as_of: datetime, at: datetime
) -> None:
    """The copy is ready to be downloaded. Locks: the copy."""
    _end(
        "trials:site_copy:finish",
        copy,
        at,
        state=CopyState.READY,
        digest=digest,
        size=size,
        data_digest=data_digest,
        data_as_of=data_as_of,
    )


def fail_copy(*, copy: SiteCopy, why: CopyFailure, at: datetime) -> None:
    """The copy is on record as not made, and why. Locks: the copy."""
    _end("trials:site_copy:fail", copy, at, state=CopyState.FAILED, failure=why)


def note_download(*, copy: SiteCopy, by: User, at: datetime) -> SiteCopyDownload:
    """It is on record that somebody is handed the copy.

    Refuses: a copy that is not ready, and one whose file is deleted.
    """
    with open_act("trials:site_copy:download", by=by, at=at, site=copy.site) as act:
        if copy.state != CopyState.READY:
            raise CopyNotReady(state=copy.get_state_display())
        if copy.file_deleted_at is not None:
            raise CopyDeleted(day=local_date(copy.file_deleted_at, copy.site.time_zone).isoformat())
        return SiteCopyDownload.objects.create(copy=copy, site=copy.site, by=by, at=at, act=act)


def note_deleted(*, copy: SiteCopy, at: datetime) -> None:
    """It is on record that the file of the copy is deleted; the row with its digest stays. Locks: the copy."""
    with open_act("trials:site_copy:delete", by=None, at=at, site=copy.site) as act:
        locked = SiteCopy.objects.select_for_update(of=("self",)).get(pk=copy.pk)
        if locked.file_deleted_at is None:
            _write(locked, act, file_deleted_at=at)


def copies_to_delete(*, at: datetime) -> models.QuerySet[SiteCopy]:
    """Return the copies whose file has no use any more.

    A newer one is ready; the close-out was taken back; the site confirmed its copy ``KEPT_FOR`` ago; or a copy of a
    site that works was ready then.
    """
    newer = SiteCopy.objects.with_file().filter(site=models.OuterRef("site"), pk__gt=models.OuterRef("pk"))
    return SiteCopy.objects.with_file().filter(
        models.Q(models.Exists(newer))
        | models.Q(close_out__ended_at__isnull=False)
        | models.Q(close_out__copy_confirmed_at__lt=at - KEPT_FOR)
        | models.Q(close_out=None, finished_at__lt=at - KEPT_FOR)
    )


def refuse_confirmed_copy(close_out: CloseOut, site: Site) -> None:
    """Refuse what can no longer be done once the site has confirmed its copy."""
    if close_out.copy_confirmed_at is not None:
        day = local_date(close_out.copy_confirmed_at, site.time_zone).isoformat()
        raise CopyConfirmed(site=site.code, day=day)


def refuse_stale_copy(copy: SiteCopy, data_digest: str, *, by: User) -> str:
    """Return the digest of the copy, which ``by`` may confirm: the last one, downloaded, and as the data are now."""
    last = SiteCopy.objects.filter(close_out=copy.close_out_id).first()
    if last is None or last.pk != copy.pk:
        raise CopyReplaced
    if last.state != CopyState.READY or last.digest is None:
        raise CopyNotReady(state=last.get_state_display())
    if not last.downloads.filter(by=by).exists():
        raise CopyNotDownloaded
    if last.data_digest != data_digest:
        raise CopyOutdated
    return last.digest


def _end(verb: str, copy: SiteCopy, at: datetime, **columns: Any) -> None:
    with open_act(verb, by=None, at=at, site=copy.site) as act:
        locked = SiteCopy.objects.select_for_update(of=("self",)).get(pk=copy.pk)
        if locked.state == CopyState.MAKING:
            _write(locked, act, finished_at=at, **columns)


def _write(copy: SiteCopy, act: Any, **columns: Any) -> None:
    for name, value in {**columns, "act": act}.items():
        setattr(copy, name, value)
    copy.save(update_fields=[*columns, "act"])

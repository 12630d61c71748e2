"""The copies that a site keeps of its records, as its pages list them: what there is, and what may be done with it."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from reports.site_versions import data_digest_of
from trials.models import CloseOut, Site, SiteCopy, SiteCopyDownload
from trials.models.closing import CopyState
from trials.models.sites import SiteState
from trials.services.copies import KEPT_FOR


def copies_for(close_out: CloseOut | None, *, user: User) -> dict[str, Any]:
    """Return what the page says of the copies; nothing before two people have closed the site out."""
    if close_out is None or close_out.confirmed_at is None:
        return {}
    site, is_final = close_out.site, close_out.copy_confirmed_at is not None
    copies = list(close_out.copies.select_related("asked_by", "site"))
    last, downloads = copies[0] if copies else None, _downloads(copies)
    is_ready = last is not None and last.state == CopyState.READY
    is_outdated = last is not None and is_ready and not is_final and last.data_digest != data_digest_of(site)
    has_it = last is not None and any((each.copy_id, each.by_id) == (last.pk, user.pk) for each in downloads)
    return {
        "close_out": close_out,
        "copies": copies,
        "last_copy": last,
        "downloads": downloads,
        "is_outdated": is_outdated,
        "may_download": user.may(Permission.CASEBOOK_MAKE, site),
        "may_ask_copy": user.may(Permission.SITE_CONFIRM, site)
        and not is_final
        and (last is None or last.state != CopyState.MAKING),
        "signs_copy": user.may(Permission.CRF_SIGN, site) and is_ready and not is_final and not is_outdated,
        "has_downloaded": has_it,
    }


def living_copies_of(site: Site, *, user: User) -> dict[str, Any]:
    """Return what the page says of the copies that were taken while the site works."""
    copies = list(SiteCopy.objects.living().filter(site=site).select_related("asked_by", "site"))
    last = copies[0] if copies else None
    return {
        "copies": copies,
        "last_copy": last,
        "downloads": _downloads(copies),
        "kept_for": KEPT_FOR,
        "may_download": user.may(Permission.CASEBOOK_MAKE, site),
        "may_ask_copy": user.may(Permission.CRF_SIGN, site)
        and site.state != SiteState.CLOSED_OUT
        and (last is None or last.state != CopyState.MAKING),
    }


def _downloads(copies: list[SiteCopy]) -> list[SiteCopyDownload]:
    rows = SiteCopyDownload.objects.filter(copy__in=copies).select_related("by", "copy__site")
    return list(rows)

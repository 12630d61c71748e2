"""Certificates of a locked site and of a locked database, as pages that are printed in either language."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ROLE_LABELS, Role
from crf.locks.conditions import CONDITIONS, STUDY_CONDITIONS
from exports.database_lock.models import DatabaseLock, HandItem
from exports.database_lock.services import ALSO_ASKED
from kernel.errors import Refusal
from kernel.paper import set_pages
from trials.models import DataLock, LockKind, LockLevel, Site


class NotLocked(Refusal):
    code = "exports.not_locked"
    message = _("{what} is not locked: there is no certificate. Lock it first.")
    status = 404


def site_certificate(site: Site, *, language: str, at: datetime) -> bytes:
    """Return the certificate of the lock that stands over the data of a site, as PDF.

    Refuses: a site that is not locked; a server that cannot print.
    """
    with translation.override(language):
        return set_pages(site_certificate_page(site, language=language, at=at))


def site_certificate_page(site: Site, *, language: str, at: datetime) -> str:
    """Return that certificate as HTML."""
    locks = DataLock.objects.standing().filter(level=LockLevel.SITE, site=site, kind=LockKind.LOCKED)
    row = locks.select_related("signature", "begun_by").first()
    if row is None:
        raise NotLocked(what=_("Site {site}").format(site=site.code))
    with translation.override(language):
        opened = DataLock.objects.standing().filter(site=site, kind=LockKind.OPEN)
        shown = {
            "row": row,
            "site": site,
            "opened": opened.count(),
            "at": at,
            "zone": site.time_zone,
            "language": language,
        }
        return render_to_string("exports/pdf/site_lock.html", shown)


def database_certificate(locked: DatabaseLock, *, language: str, at: datetime) -> bytes:
    """Return the certificate of a locked database as PDF, also after it was unlocked, which it then says.

    Refuses: a database that was never locked; a server that cannot print.
    """
    with translation.override(language):
        return set_pages(database_certificate_page(locked, language=language, at=at))


def database_certificate_page(locked: DatabaseLock, *, language: str, at: datetime) -> str:
    """Return that certificate as HTML."""
    if locked.locked_at is None:
        raise NotLocked(what=_("The study"))
    with translation.override(language):
        sites = DataLock.objects.filter(
            level=LockLevel.SITE, kind=LockKind.LOCKED, begun_at__lte=locked.locked_at
        )
        standing = sites.exclude(ended_at__lt=locked.locked_at).select_related("site", "signature")
        signed = locked.signatures.filter(digest=locked.digest).select_related("signature")
        shown = {
            "locked": locked,
            "counts": locked.data_lock.counts if locked.data_lock else {},
            "sites": standing.order_by("site__code"),
            "lines": checklist_lines(locked.checklist),
            "files": locked.export.manifest.get("files", ()) if locked.export else (),
            "signatures": [(ROLE_LABELS[Role(each.role)], each.signature) for each in signed],
            "at": at,
            "zone": settings.TRIAL_TIME_ZONE,
            "language": language,
        }
        return render_to_string("exports/pdf/database_lock.html", shown)


def checklist_lines(checklist: list[list[Any]]) -> list[tuple[str, str]]:
    """Return a kept checklist in words: what was counted, and what somebody settled by hand."""
    labels = {each.code: each.label for each in (*CONDITIONS, *STUDY_CONDITIONS)}
    labels |= {code: label for code, (label, _judge) in ALSO_ASKED.items()}
    by_hand = {item.value: item.label for item in HandItem}
    lines = []
    for code, *said in checklist:
        # what was counted has one number; an item by hand a note and a name: some have the same code
        label = labels.get(code, code) if len(said) == 1 else by_hand.get(code, code)
        lines.append((str(label), " · ".join(str(each) for each in said)))
    return lines

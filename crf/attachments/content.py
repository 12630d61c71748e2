"""Attached files as a person may see them: which rows, and their bytes, compared with their digest once more."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from typing import IO, Any, Final

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.models import TELLS_NO_ARM, Attachment
from kernel.errors import Refusal

PART: Final = 1024 * 1024


class AttachmentDamaged(Refusal):
    code = "crf.attachment_damaged"
    message = _(
        "The stored bytes of this file are not those that were attached, and it is not handed out. Tell the data "
        "manager: a backup has it."
    )
    status = 409


def attachments_open_to(user: User) -> Any:
    """Return the files that ``user`` may see: of forms that they read, at their sites, and the arm spared (ADR 33)."""
    rows = Attachment.objects.open_to(user, Permission.ATTACHMENT_VIEW)
    arms = _at_sites(user, Permission.ALLOCATION_VIEW)
    readable = Q(pk__in=())
    for right in {form.seen_by for form in catalogue.forms().values()}:
        codes = [form.code for form in catalogue.forms().values() if form.seen_by == right]
        readable |= Q(record__form_code__in=codes) & _at_sites(user, right)
    return rows.filter(readable).filter(Q(kind__in=TELLS_NO_ARM) | arms)


def _at_sites(user: User, permission: Permission) -> Q:
    sites = user.sites_with(permission)
    return ~Q(pk__in=()) if sites is None else Q(site_id__in=sites)


def may_open(attachment: Attachment, user: User) -> bool:
    """Say whether ``user``, who sees the file, may have its bytes and its name.

    One that was replaced or removed may have said who somebody is: only its own site opens it.
    """
    return attachment.ended_at is None or user.may(Permission.ATTACHMENT_REMOVE, attachment.site_id)


def open_content(attachment: Attachment) -> IO[bytes]:
    """Return the bytes, read part by part; on disk where they are many.

    Refuses: bytes that are not those that were attached.
    """
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=4 * PART)  # noqa: SIM115 (the caller closes it)
    digest = hashlib.sha256()
    for part in _parts(attachment):
        digest.update(part)
        file.write(part)
    if digest.hexdigest() != attachment.digest:
        file.close()
        raise AttachmentDamaged
    file.seek(0)
    return file


def _parts(attachment: Attachment) -> Iterator[bytes]:
    with connection.cursor() as cursor:
        for start in range(1, attachment.size + 1, PART):
            cursor.execute(
                "SELECT substring(data FROM %s FOR %s) FROM crf_attachmentcontent WHERE id = %s",
                [start, PART, attachment.content_id],
            )
            row = cursor.fetchone()
            yield bytes(row[0]) if row else b""


def damaged_attachments() -> list[int]:
    """Return the files whose stored bytes are missing or not those that were attached, by their numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM crf_attachment a LEFT JOIN crf_attachmentcontent c ON c.id = a.content_id "
            "WHERE c.id IS NULL OR octet_length(c.data) <> a.size "
            "OR encode(sha256(c.data), 'hex') <> a.digest ORDER BY a.id"
        )
        return [number for (number,) in cursor.fetchall()]

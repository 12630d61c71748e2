"""Files attached to a record: what each says of itself, its bytes, and what waits for its sender (ADR 40)."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import AppendOnlyRows, MayDelete, SetOnce
from audit.models import audited
from crf.engine.base import Record
from crf.guards import MovesAlong, RowLock
from crf.models.attachments_sql import ContentDigest, ContentScoped, SameContent, SendersUploads
from crf.models.working_copies import WorkingCopy
from trials.models import Participant
from trials.models.participants import OfParticipant


class AttachmentKind(models.TextChoices):
    """What a file is. All but the laboratory's may tell the arm: who is spared it is not shown them (ADR 33)."""

    OPERATION = "operation", _("Operation note")
    PATHOLOGY = "pathology", _("Pathology report")
    ENDOSCOPY = "endoscopy", _("Endoscopy, report or picture")
    IMAGING = "imaging", _("Imaging, report or picture")
    LABORATORY = "laboratory", _("Laboratory report")
    OTHER = "other", _("Another document")


TELLS_NO_ARM = frozenset({AttachmentKind.LABORATORY})


class MediaType(models.TextChoices):
    """The kinds of file that are taken."""

    PDF = "application/pdf", "PDF"
    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"


class AttachmentEnding(models.TextChoices):
    """Why a file stands at its record no longer."""

    REPLACED = "replaced", _("Replaced")
    REMOVED = "removed", _("Removed")


class AttachmentContent(models.Model):
    """The bytes of one attached file: seen with the file and never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField("SHA-256", max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    data = models.BinaryField()

    class Meta:
        constraints = (
            ContentDigest(name="crf_attachmentcontent_digest"),
            ContentScoped(name="crf_attachmentcontent_scope"),
            AppendOnlyRows(name="crf_attachmentcontent_kept"),
        )

    def __str__(self) -> str:
        return self.digest


class QuerySetOfAttachments(SiteQuerySet):
    def standing(self) -> Self:
        """Narrow to the files that were neither replaced nor removed."""
        return self.filter(ended_at=None)


FIXED = (
    *(
        "record_id",
        "kind",
        "name",
        "media_type",
        "size",
        "pages",
        "content_id",
        "digest",
        "sent_digest",
        "hints",
    ),
    *("hints_reason", "replaces_id", "attached_by_id", "attached_at", "key"),
    *("ending", "ended_by_id", "ended_at", "ending_reason"),
)


@audited()
class Attachment(OfParticipant):
    """A file of the site beside a record: a copy of a source document without what says who the participant is.

    ``digest`` is that of the bytes that are kept, ``sent_digest`` of those that came: pictures are written anew without
    what the camera noted. ``hints`` are the kinds of identifier that the program saw, ``hints_reason`` why the person
    who sent it keeps it all the same. A file that is replaced or removed stays, and says by whom, when and why.
    """

    record = models.ForeignKey(Record, models.PROTECT, related_name="attachments")
    kind = models.CharField(_("kind of document"), max_length=10, choices=AttachmentKind)
    name = models.CharField(_("name of the file"), max_length=120)
    media_type = models.CharField(_("kind of file"), max_length=15, choices=MediaType)
    size = models.PositiveIntegerField(_("size in bytes"))
    pages = models.PositiveSmallIntegerField(_("pages"), null=True)
    content = models.OneToOneField(AttachmentContent, models.PROTECT, related_name="attachment")
    digest = models.CharField("SHA-256", max_length=64)
    sent_digest = models.CharField(_("SHA-256 as it was sent"), max_length=64)
    hints = models.JSONField(_("what could say who the participant is"), default=list)
    hints_reason = models.TextField(_("why it is kept all the same"), blank=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    attached_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    attached_at = models.DateTimeField(_("attached"))
    key = models.CharField(max_length=32)
    ending = models.CharField(_("why it stands no longer"), max_length=8, choices=AttachmentEnding, null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("replaced or removed"), null=True)
    ending_reason = models.TextField(_("reason"), null=True)

    objects: ClassVar[Any] = QuerySetOfAttachments.as_manager()

    class Meta(OfParticipant.Meta):
        verbose_name = _("attached file")
        ordering = ("pk",)
        constraints = (
            *OfParticipant.Meta.constraints,
            RowLock(name="crf_attachment_lock"),
            SameContent(name="crf_attachment_content"),
            *(SetOnce(name=f"crf_attachment_{column}_once", column=column) for column in FIXED),
            models.UniqueConstraint(fields=("attached_by", "key"), name="crf_attachment_key"),
            models.UniqueConstraint(
                fields=("record", "sent_digest"),
                condition=models.Q(ended_at=None),
                name="crf_attachment_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ending=None, ended_by=None, ended_at=None, ending_reason=None)
                | (
                    models.Q(
                        ending__in=AttachmentEnding.values, ended_by__isnull=False, ended_at__isnull=False
                    )
                    & ~models.Q(ending_reason="")
                    & models.Q(ending_reason__isnull=False)
                ),
                name="crf_attachment_ended",
            ),
            models.CheckConstraint(
                condition=models.Q(hints=[]) | ~models.Q(hints_reason=""), name="crf_attachment_hints"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=AttachmentKind.values), name="crf_attachment_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(media_type__in=MediaType.values), name="crf_attachment_media_type"
            ),
        )

    def __str__(self) -> str:
        return self.name


class AttachmentUpload(WorkingCopy):
    """A file in which the program saw what could say who the participant is: it waits for its sender, and is no data.

    The sender attaches it with a reason, or takes it back and nothing of it is kept. ``said`` holds what was read of
    the file (``crf.attachments.inspection``), ``replaces`` and ``reason`` what was typed beside it.
    """

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+")
    record = models.ForeignKey(Record, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=AttachmentKind)
    name = models.CharField(max_length=120)
    said = models.JSONField(default=dict)
    data = models.BinaryField()
    replaces = models.ForeignKey(Attachment, models.CASCADE, null=True, related_name="+")
    reason = models.TextField(blank=True)
    key = models.CharField(max_length=32)

    class Meta:
        constraints = (
            SendersUploads(name="crf_attachmentupload_scope"),
            MovesAlong(name="crf_attachmentupload_moves"),
            MayDelete(name="crf_attachmentupload_deletable"),
            models.UniqueConstraint(fields=("owner", "key"), name="crf_attachmentupload_key"),
        )

    def __str__(self) -> str:
        return self.name

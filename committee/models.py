"""Packs for the data monitoring committee, their files, whom they were shared with, and who had them when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from audit.guards import ActGuard, NamesItsActor, ProvenAccess, SetOnce, SiteScoped
from audit.models import Audited, audited
from exports.models import KeptCut

MOST_TRIES: Final = 5


class ArmDisplay(models.TextChoices):
    """How the closed part of a pack names the arms."""

    SHOWN = "shown", _("Arms named")
    MASKED = "masked", _("Arms masked as A and B")
    ABSENT = "absent", _("No arms: open part only")


class PackPart(models.TextChoices):
    OPEN = "open", _("Open part")
    CLOSED = "closed", _("Closed part")


class PackState(models.TextChoices):
    QUEUED = "queued", _("Being made")
    MADE = "made", _("Waits for a second person")
    RELEASED = "released", _("Released")
    FAILED = "failed", _("Stopped, nothing was kept")


class FileKind(models.TextChoices):
    PDF = "pdf", "PDF"
    CSV = "csv", "CSV"


@audited()
class CommitteePack(Audited):
    """What the committee is to see at one cut: an open part, and a closed one by arm unless arms are absent.

    ``arm_of_a`` is the arm that a masked pack calls A, drawn when the pack was asked for. ``signature`` is that of the
    second person who released it. Packs belong to no site; the site column is empty.
    """

    title = models.CharField(_("title"), max_length=80)
    cut = models.ForeignKey(KeptCut, models.PROTECT, related_name="+", verbose_name=_("cut"))
    arms = models.CharField(_("arms"), max_length=8, choices=ArmDisplay.choices)
    arm_of_a = models.CharField(max_length=1, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    requested_at = models.DateTimeField(_("asked for at"))
    state = models.CharField(_("state"), max_length=10, choices=PackState.choices, default=PackState.QUEUED)
    runs = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(_("made at"), null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("released by")
    )
    released_at = models.DateTimeField(_("released at"), null=True)
    signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("committee pack")
        ordering: ClassVar = ("-requested_at", "-pk")
        constraints = (
            ActGuard(name="committee_pack_act"),
            NamesItsActor(
                name="committee_committeepack_actor", columns=("requested_by_id", "released_by_id")
            ),
            SiteScoped(name="committee_pack_scope"),
            SetOnce(name="committee_pack_released_once", column="released_at"),
            models.CheckConstraint(
                condition=models.Q(state="released", released_by__isnull=False, released_at__isnull=False)
                & models.Q(signature__isnull=False)
                & ~models.Q(released_by=models.F("requested_by"))
                | ~models.Q(state="released") & models.Q(released_by=None, released_at=None, signature=None),
                name="committee_pack_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(arms="masked", arm_of_a__in=("1", "2"))
                | ~models.Q(arms="masked") & models.Q(arm_of_a=""),
                name="committee_pack_masked_has_arm",
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("committee:pack", args=[self.pk])


@audited(exclude=("content",))
class PackFile(Audited):
    """One file of a pack, as it was made; ``digest`` (SHA-256) is of these bytes, without a reader's watermark."""

    pack = models.ForeignKey(CommitteePack, models.PROTECT, related_name="files")
    part = models.CharField(_("part"), max_length=8, choices=PackPart.choices)
    kind = models.CharField(_("format"), max_length=4, choices=FileKind.choices)
    language = models.CharField(_("language"), max_length=10)
    digest = models.CharField(_("digest"), max_length=64)
    size = models.PositiveIntegerField(_("bytes"))
    content = models.BinaryField()
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("file of a committee pack")
        ordering: ClassVar = ("-part", "kind", "language")
        constraints = (
            ActGuard(name="committee_file_act", frozen=True),
            SiteScoped(name="committee_file_scope"),
            models.UniqueConstraint(fields=["pack", "part", "kind", "language"], name="committee_file_once"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"PALACE-3_pack_{self.pack_id}_{self.part}_{self.language}.{self.kind}"


@audited(exclude=("passcode",))
class PackShare(Audited):
    """One part of a released pack, for one named recipient, by a link that expires and a passcode told otherwise.

    ``key`` is what the link stands for; of the passcode a slow digest is kept. ``tries`` counts wrong passcodes.
    """

    NAMED_BY: ClassVar = ("key",)
    SECRETS: ClassVar = ("passcode",)

    pack = models.ForeignKey(CommitteePack, models.PROTECT, related_name="shares")
    part = models.CharField(_("part"), max_length=8, choices=PackPart.choices)
    recipient = models.CharField(_("recipient"), max_length=80)
    email = models.EmailField(_("e-mail"))
    language = models.CharField(_("language"), max_length=10)
    key = models.CharField(max_length=32, unique=True)
    passcode = models.CharField(max_length=128)
    secrets_digest = models.CharField(max_length=64, null=True, editable=False)
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    shared_at = models.DateTimeField(_("shared at"))
    expires_at = models.DateTimeField(_("valid until"))
    tries = models.PositiveSmallIntegerField(_("wrong passcodes"), default=0)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("share of a committee pack")
        ordering: ClassVar = ("-shared_at", "-pk")
        constraints = (
            ActGuard(name="committee_share_act"),
            SiteScoped(name="committee_share_scope"),
            SetOnce(name="committee_share_revoked_once", column="revoked_at"),
            ProvenAccess(
                name="committee_share_proven",
                key="shared_by_id",
                columns=(
                    *("pack_id", "part", "recipient", "email", "key", "passcode", "secrets_digest"),
                    *("shared_by_id", "shared_at", "expires_at", "tries", "revoked_at", "revoked_by_id"),
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("shared_at")), name="committee_share_expires"
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revoked_by=None)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="committee_share_revoked_by",
            ),
        )

    def __str__(self) -> str:
        return self.recipient

    def opens_at(self, at: datetime) -> bool:
        """Say whether the link with the right passcode opens anything at ``at``."""
        return self.revoked_at is None and at < self.expires_at and self.tries < MOST_TRIES


@audited()
class PackView(Audited):
    """One time that a file of a pack was handed out: to a person who signed in, or through a share."""

    file = models.ForeignKey(PackFile, models.PROTECT, related_name="views")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    share = models.ForeignKey(PackShare, models.PROTECT, null=True, related_name="views")
    at = models.DateTimeField(_("handed out at"))
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("view of a committee pack")
        ordering: ClassVar = ("-at", "-pk")
        constraints = (
            ActGuard(name="committee_view_act", frozen=True),
            SiteScoped(name="committee_view_scope"),
            models.CheckConstraint(
                condition=models.Q(by__isnull=False, share=None) | models.Q(by=None, share__isnull=False),
                name="committee_view_one_reader",
            ),
        )

    def __str__(self) -> str:
        return f"{self.file_id}"

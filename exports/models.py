"""The register of exports: who took what, when, of which moment, and what exactly was in it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import permission_label
from audit.guards import ActGuard, SiteScoped
from audit.models import Audited, audited
from exports.database_lock.models import DatabaseLock, DatabaseLockItem, DatabaseLockSignature
from exports.formats.kinds import DataFormat
from exports.imports.models import DataImport, ImportState


class ExportState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being written")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Stopped, nothing was written")


@audited()
class Export(Audited):
    """One export: its scope as asked for, and what was written (EMA 2023, 6.2.1).

    ``cut_at`` is the moment whose state the files show; one that was asked for "now" has it once it is written,
    with the ``snapshot`` of the database that was read, by which the same moment is read again. ``manifest``
    holds expected and written rows and the digest of every file. Central people take exports; the site column
    is empty.
    """

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="exports", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    purpose = models.CharField(_("purpose"), max_length=200)
    cut_at = models.DateTimeField(_("data as of"), null=True)
    snapshot = models.TextField(null=True, blank=True)
    forms = ArrayField(models.CharField(max_length=8), verbose_name=_("forms"))
    site_codes = ArrayField(models.CharField(max_length=2), default=list, verbose_name=_("sites"))
    language = models.CharField(_("language of labels"), max_length=10, default="en")
    data_format = models.CharField(_("format"), max_length=10, choices=DataFormat.choices, null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ExportState.choices, default=ExportState.QUEUED
    )
    manifest = models.JSONField(default=dict)
    digest = models.CharField(_("digest of the file"), max_length=64, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("export")
        ordering: ClassVar = ("-requested_at", "-pk")
        constraints = (
            ActGuard(name="exports_export_act"),
            SiteScoped(name="exports_export_scope", own="requested_by_id"),
            models.CheckConstraint(
                condition=~models.Q(state="done") | (~models.Q(digest="") & models.Q(cut_at__isnull=False)),
                name="exports_export_done_is_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("exports:detail", args=[self.pk])

    @property
    def file_name(self) -> str:
        moment = "" if self.cut_at is None else f"-{self.cut_at:%Y%m%dT%H%M%SZ}"
        return f"palace3-{self.pk}{moment}.zip"


@audited(exclude=("digest",))
class ApiToken(Audited):
    """A key with which a program acts as its owner: some of the owner's rights, until a day.

    Only the digest of the secret is kept; the secret is shown once, when the token is made.
    """

    NAMED_BY: ClassVar = ("user_id", "name")
    SECRETS: ClassVar = ("digest",)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens")
    name = models.CharField(_("what it is for"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    secrets_digest = models.CharField(max_length=64, null=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("rights"))
    created_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("API token")
        ordering: ClassVar = ("-created_at",)
        constraints = (
            ActGuard(name="exports_apitoken_act"),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="exports_apitoken_expires"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def scopes_in_words(self) -> list[str]:
        return [permission_label(scope) for scope in self.scopes]

    def is_valid_at(self, at: datetime) -> bool:
        """Say whether the token opens anything at ``at``."""
        return self.revoked_at is None and at < self.expires_at and not self.is_ended

    @property
    def is_ended(self) -> bool:
        """Say whether it ended with its owner's password, second factor or a role."""
        return self.user.ended_access_since(self.created_at)


__all__ = [
    "ApiToken",
    "DataImport",
    "DatabaseLock",
    "DatabaseLockItem",
    "DatabaseLockSignature",
    "Export",
    "ExportState",
    "ImportState",
]

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
from audit.guards import ActGuard, ProvenAccess, SiteScoped
from audit.models import Audited, audited
from exports.database_lock.models import DatabaseLock, DatabaseLockItem, DatabaseLockSignature
from exports.formats.kinds import DataFormat
from exports.imports.models import DataImport, ImportState
from trials.models import RegisterEntry


class ArmShown(models.TextChoices):
    """How an export tells who is in which arm."""

    SHOWN = "shown", _("Shown")
    MASKED = "masked", _("Masked: A and B, without anything that tells which is which")
    ABSENT = "absent", _("Absent")


class ExportState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being written")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Stopped, nothing was written")
    CANCELLED = "cancelled", _("Cancelled")


class ExportFailure(models.TextChoices):
    """Why an export was stopped."""

    REFUSED = "refused", _("What was written was not what the database counted. Nothing was kept.")
    NOT_WRITTEN = (
        "not_written",
        _(
            "The files could not be written on the server: its disk may be full. Tell whoever runs it, then take the "
            "export again."
        ),
    )
    STOPPED = "stopped", _("The worker was stopped several times while it wrote. Take the export again.")
    FAULT = "fault", _("The program failed while it wrote. The fault is in the log of the server.")
    RIGHT_ENDED = "right_ended", _("Who asked for it may not take these data any more.")
    CHOICE_ENDED = (
        "choice_ended",
        _("This saved export cannot be taken any more as it was saved. Save it anew."),
    )
    BASIS_ENDED = (
        "basis_ended",
        _("The data leave mainland China, and the registers hold no filing and basis in force for it."),
    )


class CutReading(models.TextChoices):
    """How a cut knows what stood at its moment."""

    SNAPSHOT = "snapshot", _("one snapshot of the database")
    STORING = "moment of storing", _("what was stored by then")


@audited()
class KeptCut(Audited):
    """A moment that an export read, kept so that the same is read again: by the acts that were seen then.

    ``last_act`` is the highest number seen. ``unseen_acts`` are those before it that were not there yet: known
    (``settled_at``) when every transaction that was open then has ended. The numbers of acts hold in a database that
    is restored elsewhere; ``snapshot`` has numbers of transactions and is read only until then.
    """

    name = models.CharField(_("name"), max_length=80, blank=True)
    cut_at = models.DateTimeField(_("data as of"))
    read_by = models.CharField(_("read by"), max_length=20, choices=CutReading.choices)
    snapshot = models.TextField(blank=True)
    last_act = models.BigIntegerField()
    read_at = models.DateTimeField(_("read at"))
    unseen_acts = ArrayField(models.BigIntegerField(), null=True)
    settled_at = models.DateTimeField(null=True)
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("cut")
        ordering: ClassVar = ("-cut_at", "-pk")
        constraints = (
            ActGuard(name="exports_keptcut_act"),
            SiteScoped(name="exports_keptcut_scope"),
            models.UniqueConstraint(
                fields=["name"], condition=~models.Q(name=""), name="exports_keptcut_one_name"
            ),
            models.CheckConstraint(
                condition=models.Q(settled_at__isnull=True, unseen_acts__isnull=True)
                | models.Q(settled_at__isnull=False, unseen_acts__isnull=False),
                name="exports_keptcut_settled",
            ),
        )

    def __str__(self) -> str:
        return self.name or f"{self.pk}"


class Rhythm(models.TextChoices):
    """When a saved export is taken by itself."""

    NEVER = "never", _("Only when somebody asks")
    WEEKLY = "weekly", _("Each Monday")
    MONTHLY = "monthly", _("On the first of each month")


@audited()
class ExportDefinition(Audited):
    """A saved choice of what an export holds, which its owner takes again, or which beat takes by a rhythm.

    One whose data leave the country rests on a basis each time; of one from before there was the question, none.
    """

    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    purpose = models.CharField(_("purpose"), max_length=200)
    forms = ArrayField(models.CharField(max_length=8), verbose_name=_("forms"))
    site_codes = ArrayField(models.CharField(max_length=2), verbose_name=_("sites"))
    language = models.CharField(_("language of labels"), max_length=10)
    data_format = models.CharField(_("format"), max_length=10, choices=DataFormat.choices)
    rhythm = models.CharField(_("taken"), max_length=10, choices=Rhythm.choices)
    selection = models.JSONField(_("selection"), null=True)
    leaves_country = models.BooleanField(_("the data leave mainland China"), null=True)
    saved_at = models.DateTimeField(_("saved at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("saved export")
        ordering: ClassVar = ("name", "pk")
        constraints = (
            ActGuard(name="exports_exportdefinition_act"),
            SiteScoped(name="exports_exportdefinition_scope", own="owner_id"),
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=models.Q(ended_at__isnull=True),
                name="exports_exportdefinition_one_name",
            ),
        )

    def __str__(self) -> str:
        return self.name


@audited()
class Export(Audited):
    """One export: its scope as asked for, and what was written (EMA 2023, 6.2.1).

    ``cut_at`` is the moment whose state the files show; one that was asked for "now" has it once it is written,
    with the ``cut`` by which the same moment is read again (``snapshot`` says it of exports that have none).
    ``cut_name`` is the name that the cut is to have. ``manifest`` holds expected and written rows and the digest of
    every file. ``runs`` counts how often a worker began; ``due_on`` is the day on which a saved export was due.
    ``selection`` narrows what leaves and says how the arm is told; one from before there were any shows it.
    Central people take exports; the site column is empty.
    """

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="exports", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    purpose = models.CharField(_("purpose"), max_length=200)
    cut_at = models.DateTimeField(_("data as of"), null=True)
    snapshot = models.TextField(null=True, blank=True)
    cut = models.ForeignKey(KeptCut, models.PROTECT, null=True, related_name="exports", verbose_name=_("cut"))
    cut_name = models.CharField(_("name of the cut"), max_length=80, null=True, blank=True)
    basis = models.ForeignKey(
        RegisterEntry,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("basis for leaving the country"),
    )
    forms = ArrayField(models.CharField(max_length=8), verbose_name=_("forms"))
    site_codes = ArrayField(models.CharField(max_length=2), default=list, verbose_name=_("sites"))
    language = models.CharField(_("language of labels"), max_length=10, default="en")
    data_format = models.CharField(_("format"), max_length=10, choices=DataFormat.choices, null=True)
    selection = models.JSONField(_("selection"), null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ExportState.choices, default=ExportState.QUEUED
    )
    manifest = models.JSONField(default=dict)
    digest = models.CharField(_("digest of the file"), max_length=64, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    begun_at = models.DateTimeField(_("begun at"), null=True)
    runs = models.PositiveSmallIntegerField(null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    failure = models.CharField(
        _("why it was stopped"), max_length=12, choices=ExportFailure.choices, null=True
    )
    deleted_at = models.DateTimeField(_("file deleted at"), null=True)
    definition = models.ForeignKey(
        ExportDefinition, models.PROTECT, null=True, related_name="exports", verbose_name=_("saved export")
    )
    due_on = models.DateField(_("due on"), null=True)
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
            models.UniqueConstraint(fields=["definition", "due_on"], name="exports_export_once_a_day"),
        )

    def __str__(self) -> str:
        return f"{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("exports:detail", args=[self.pk])

    @property
    def file_name(self) -> str:
        moment = "" if self.cut_at is None else f"-{self.cut_at:%Y%m%dT%H%M%SZ}"
        return f"palace3-{self.pk}{moment}.zip"


@audited()
class ArmLetters(Audited):
    """Which arm is called A where the arm is masked: drawn once, so that every masked export says it alike."""

    arm_of_a = models.CharField(_("arm that is called A"), max_length=1)
    drawn_at = models.DateTimeField(_("drawn at"))
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("letters of the arms")
        constraints = (
            ActGuard(name="exports_armletters_act", frozen=True),
            SiteScoped(name="exports_armletters_scope"),
            models.UniqueConstraint(models.Value(1), name="exports_armletters_once"),
            models.CheckConstraint(
                condition=models.Q(arm_of_a__in=["1", "2"]), name="exports_armletters_arm"
            ),
        )

    def __str__(self) -> str:
        return f"A = {self.arm_of_a}"


@audited()
class ExportDownload(Audited):
    """One time that the file of an export was handed out; a resumed one begins at a later byte."""

    export = models.ForeignKey(Export, models.PROTECT, related_name="downloads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("downloaded at"))
    first_byte = models.BigIntegerField(default=0)
    site_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("download")
        ordering: ClassVar = ("-at", "-pk")
        constraints = (
            ActGuard(name="exports_exportdownload_act", frozen=True),
            SiteScoped(name="exports_exportdownload_scope", own="by_id"),
        )

    def __str__(self) -> str:
        return f"{self.export_id}"


@audited(exclude=("digest",))
class ApiToken(Audited):
    """A key with which a program acts as its owner: some of the owner's rights, until a day.

    Only the digest of the secret is kept; the secret is shown once, when the token is made. One whose answers leave
    the country has a basis for it, and opens nothing on a day without one.
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
    basis = models.ForeignKey(
        RegisterEntry,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("basis for leaving the country"),
    )

    class Meta:
        verbose_name = _("API token")
        ordering: ClassVar = ("-created_at",)
        constraints = (
            ActGuard(name="exports_apitoken_act"),
            ProvenAccess(
                name="exports_apitoken_proven",
                columns=(
                    *("user_id", "name", "digest", "secrets_digest", "scopes"),
                    *("created_at", "expires_at", "revoked_at", "basis_id"),
                ),
            ),
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
    "ArmLetters",
    "CutReading",
    "DataImport",
    "DatabaseLock",
    "DatabaseLockItem",
    "DatabaseLockSignature",
    "Export",
    "ExportDefinition",
    "ExportDownload",
    "ExportFailure",
    "ExportState",
    "ImportState",
    "KeptCut",
    "Rhythm",
]

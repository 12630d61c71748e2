"""One lock of the database, from its checklist to its end."""

from __future__ import annotations

from typing import Final, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from accounts.permissions import ROLE_LABELS, Role
from audit.guards import ActGuard, NamesItsActor, SetOnce
from audit.models import Audited, audited
from trials.models import DataLock

SIGNING_ROLES: Final = (Role.DATA_MANAGER, Role.STATISTICIAN, Role.TRIAL_MANAGER)

ROLE_CHOICES: Final = [(role.value, ROLE_LABELS[role]) for role in SIGNING_ROLES]


class HandItem(models.TextChoices):
    """What a person settles outside the system and signs off here."""

    SERIOUS_EVENTS = "serious", _("Serious adverse events reconciled with the safety database")
    LABORATORY = "laboratory", _("Laboratory files reconciled")
    FINDINGS = "findings", _("Listed findings reviewed")
    DEVIATIONS = "deviations", _("Deviations reviewed, analysis sets decided")
    ALLOCATIONS = "allocations", _("Allocations and errors of randomization reviewed")
    DOCUMENTS = "documents", _("Essential documents of the sites filed")


OWNERS: Final[dict[str, Role]] = {
    HandItem.SERIOUS_EVENTS: Role.TRIAL_MANAGER,
    HandItem.LABORATORY: Role.DATA_MANAGER,
    HandItem.FINDINGS: Role.DATA_MANAGER,
    HandItem.DEVIATIONS: Role.STATISTICIAN,
    HandItem.ALLOCATIONS: Role.STATISTICIAN,
    HandItem.DOCUMENTS: Role.TRIAL_MANAGER,
}


class DatabaseLockSet(models.QuerySet["DatabaseLock"]):
    def current(self) -> Self:
        """Narrow to the lock that is prepared or in force."""
        return self.filter(cancelled_at=None, unlocked_at=None)


@audited()
class DatabaseLock(Audited):
    """A lock of the database: begun, its data set frozen, signed by three, in force, and ended by two people.

    ``digest`` is what the three sign: purpose, checklist and the digests of the files of the data set.
    """

    purpose = models.CharField(_("purpose"), max_length=200)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(_("begun at"))
    export = models.ForeignKey("exports.Export", models.PROTECT, null=True, related_name="+")
    digest = models.CharField(_("digest"), max_length=64, null=True)
    checklist = models.JSONField(_("checklist"), default=list)
    data_lock = models.OneToOneField(DataLock, models.PROTECT, null=True, related_name="+")
    locked_at = models.DateTimeField(_("locked at"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)
    unlock_reason = models.TextField(_("reason"), blank=True)
    unlock_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    unlock_asked_at = models.DateTimeField(_("unlocking asked for at"), null=True)
    asking_signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    unlocked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    unlocked_at = models.DateTimeField(_("unlocked at"), null=True)
    unlocking_signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")

    objects = DatabaseLockSet.as_manager()

    class Meta:
        verbose_name = _("database lock")
        ordering = ("-begun_at", "-pk")
        constraints = (
            ActGuard(name="exports_databaselock_act"),
            NamesItsActor(
                name="exports_databaselock_actor",
                columns=("begun_by_id", "unlock_asked_by_id", "unlocked_by_id"),
            ),
            *(
                SetOnce(name=f"exports_databaselock_{column}_once", column=column)
                for column in ("locked_at", "cancelled_at", "unlocked_at", "data_lock_id")
            ),
            models.UniqueConstraint(
                fields=["cancelled_at"],
                nulls_distinct=False,
                condition=models.Q(cancelled_at=None, unlocked_at=None),
                name="exports_databaselock_one_current",
            ),
            models.CheckConstraint(
                condition=models.Q(locked_at=None, data_lock=None)
                | models.Q(locked_at__isnull=False, data_lock__isnull=False)
                & models.Q(export__isnull=False, digest__isnull=False, cancelled_at=None),
                name="exports_databaselock_locked_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(unlock_asked_by=None, unlock_asked_at=None, asking_signature=None)
                | models.Q(locked_at__isnull=False, unlock_asked_by__isnull=False)
                & models.Q(unlock_asked_at__isnull=False, asking_signature__isnull=False)
                & ~models.Q(unlock_reason=""),
                name="exports_databaselock_asked_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(unlocked_by=None, unlocked_at=None, unlocking_signature=None)
                | models.Q(unlocked_by__isnull=False, unlocked_at__isnull=False)
                & models.Q(unlocking_signature__isnull=False, unlock_asked_by__isnull=False)
                & ~models.Q(unlocked_by=models.F("unlock_asked_by")),
                name="exports_databaselock_unlocked_by_two",
            ),
        )

    def __str__(self) -> str:
        return self.purpose

    def get_absolute_url(self) -> str:
        return reverse("exports:database-lock")

    @property
    def state(self) -> str:
        """Return how far it is: preparing, locked, unlocked or cancelled."""
        if self.unlocked_at is not None:
            return "unlocked"
        if self.locked_at is not None:
            return "locked"
        return "cancelled" if self.cancelled_at is not None else "preparing"


@audited()
class DatabaseLockItem(Audited):
    """One item by hand of a checklist, signed off by who owns it."""

    database_lock = models.ForeignKey(DatabaseLock, models.PROTECT, related_name="items")
    kind = models.CharField(_("item"), max_length=12, choices=HandItem)
    note = models.CharField(_("what was compared, and where it is filed"), max_length=200)
    signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            ActGuard(name="exports_databaselockitem_act", frozen=True),
            models.UniqueConstraint(fields=["database_lock", "kind"], name="exports_databaselockitem_once"),
        )

    def __str__(self) -> str:
        return str(self.get_kind_display())


@audited()
class DatabaseLockSignature(Audited):
    """The signature of one role under a lock of the database, bound to its digest."""

    database_lock = models.ForeignKey(DatabaseLock, models.PROTECT, related_name="signatures")
    role = models.CharField(_("role"), max_length=20, choices=ROLE_CHOICES)
    digest = models.CharField(_("digest"), max_length=64)
    signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            ActGuard(name="exports_databaselocksignature_act", frozen=True),
            models.UniqueConstraint(
                fields=["database_lock", "role", "digest"], name="exports_databaselocksignature_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.digest[:12]}"

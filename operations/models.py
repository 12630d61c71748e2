"""What is known of the service itself: which processes live, and what was qualified, backed up and drilled."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.guards import ActGuard, MayDelete, WrittenBySystem
from audit.models import Audited, audited


class Heartbeat(models.Model):
    """When a process that nobody asks anything last said that it lives, such as beat."""

    name = models.CharField(_("process"), max_length=40, primary_key=True)
    at = models.DateTimeField(_("last heard of"))

    class Meta:
        verbose_name = _("heartbeat")
        constraints = (
            MayDelete(name="operations_heartbeat_deletable"),
            WrittenBySystem(name="operations_heartbeat_own"),
        )

    def __str__(self) -> str:
        return self.name


class UnsentTask(models.Model):
    """A task that the broker did not take when its transaction was committed; it is handed over as soon as it does."""

    task = models.CharField(_("task"), max_length=80)
    arguments = models.JSONField(_("arguments"))

    class Meta:
        verbose_name = _("task that waits for the broker")
        constraints = (
            models.UniqueConstraint(fields=["task", "arguments"], name="operations_unsenttask_once"),
            MayDelete(name="operations_unsenttask_deletable"),
            WrittenBySystem(name="operations_unsenttask_own"),
        )

    def __str__(self) -> str:
        return self.task


class AlarmSet(models.QuerySet["Alarm"]):
    """Alarms of the service; they belong to no site."""

    def open_to(self, user: User, permission: Permission) -> Self:
        return self.all() if user.may(permission) else self.none()


class OperationSet(models.QuerySet["OperationRecord"]):
    """Records of operations; they belong to no site."""

    def open_to(self, user: User, permission: Permission) -> Self:
        return self.all() if user.may(permission) else self.none()


class Alarm(models.Model):
    """A reading of the watch that is not well, and when somebody was last told; it is gone when the reading is well."""

    reading = models.CharField(_("reading"), max_length=40, primary_key=True)
    level = models.PositiveSmallIntegerField(_("level"))
    since = models.DateTimeField(_("since"))
    told_at = models.DateTimeField(_("last told"))

    objects = AlarmSet.as_manager()

    class Meta:
        verbose_name = _("alarm of the service")
        constraints = (
            MayDelete(name="operations_alarm_deletable"),
            WrittenBySystem(name="operations_alarm_own"),
        )

    def __str__(self) -> str:
        return self.reading


class OperationKind(models.TextChoices):
    QUALIFICATION = "qualification", _("Qualification")
    BACKUP = "backup", _("Backup")
    RESTORE = "restore", _("Restore")
    RESTORE_DRILL = "restore_drill", _("Restore drill")
    SET_UP = "set_up", _("Step of the set-up")
    UPGRADE = "upgrade", _("Upgrade")


@audited(exclude=("paper_en", "paper_zh"))
class OperationRecord(Audited):
    """What was done to the installation, with what result; it never changes.

    ``findings`` lists what was looked at: name, outcome, what was seen. ``digest`` is that of the file that was written
    or read. A qualification keeps its paper in both languages.
    """

    kind = models.CharField(_("kind"), max_length=20, choices=OperationKind.choices)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"))
    passed = models.BooleanField(_("passed"))
    findings = models.JSONField(_("findings"), default=list)
    digest = models.CharField(_("digest of the file"), max_length=64, blank=True)
    size = models.BigIntegerField(_("bytes"), default=0)
    paper_en = models.BinaryField(null=True)
    paper_zh = models.BinaryField(null=True)

    objects = OperationSet.as_manager()

    class Meta:
        verbose_name = _("record of an operation")
        ordering: ClassVar = ("-ended_at", "-pk")
        constraints = (ActGuard(name="operations_record_act", frozen=True),)

    def __str__(self) -> str:
        return f"{self.kind} {self.ended_at:%Y-%m-%d %H:%M}"

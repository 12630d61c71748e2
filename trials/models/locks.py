"""Freezes and locks of data: over a form, a visit, a participant, a site or the whole study (ADR 36)."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import connection, models
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Signature
from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, SameSite, SetOnce
from audit.locked import refusal_of_lock
from audit.models import Audited, audited
from trials.lock_guards import SiteScopedOrStudy
from trials.models.participants import Participant
from trials.models.sites import Site


class LockLevel(models.IntegerChoices):
    """Over what data are frozen or locked, from the smallest to the whole."""

    FORM = 1, _("form")
    VISIT = 2, _("visit")
    PARTICIPANT = 3, _("participant")
    SITE = 4, _("site")
    STUDY = 5, _("study")


class LockKind(models.TextChoices):
    """What holds over the data: no change, or nothing at all; an opening lifts what stands above it."""

    FROZEN = "frozen", _("Frozen")
    LOCKED = "locked", _("Locked")
    OPEN = "open", pgettext_lazy("data lock", "Opened")


class DataLockSet(SiteQuerySet):
    def standing(self) -> Self:
        """Narrow to those that are in force."""
        return self.filter(ended_at=None)

    def locks(self) -> Self:
        return self.filter(kind=LockKind.LOCKED)


@audited()
class DataLock(Audited):
    """A freeze, a lock, or an opening below one, over one form, visit, participant, site or the study.

    A visit and a record are named by their numbers: they stand on floors above this one. What the database refuses
    under it is worked out by ``trials_lock_over``. ``counts`` holds what was counted when it began.
    """

    NUMBERS: ClassVar = {"visit_number": "followup_visit", "record_number": "crf_record"}

    level = models.PositiveSmallIntegerField(_("level"), choices=LockLevel)
    kind = models.CharField(_("kind"), max_length=6, choices=LockKind)
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="data_locks")
    participant = models.ForeignKey(Participant, models.PROTECT, null=True, related_name="data_locks")
    visit_number = models.BigIntegerField(_("visit"), null=True)
    record_number = models.BigIntegerField(_("record"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    counts = models.JSONField(_("what was counted"), default=dict)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(_("since"))
    signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("until"), null=True)
    end_reason = models.TextField(_("why it ended"), blank=True)
    ending_signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")
    second_signature = models.OneToOneField(Signature, models.PROTECT, null=True, related_name="+")

    objects: ClassVar[Any] = DataLockSet.as_manager()

    class Meta:
        verbose_name = _("freeze or lock")
        ordering = ("-begun_at", "-pk")
        indexes = (
            models.Index(
                fields=["participant"],
                condition=models.Q(ended_at=None),
                name="trials_datalock_of_participant",
            ),
            models.Index(
                fields=["site"],
                condition=models.Q(ended_at=None, participant=None),
                name="trials_datalock_of_site",
            ),
        )
        constraints = (
            ActGuard(name="trials_datalock_act"),
            SiteScopedOrStudy(name="trials_datalock_scope"),
            SameSite(name="trials_datalock_same_site"),
            *(
                SetOnce(name=f"trials_datalock_{column}_once", column=column)
                for column in ("level", "kind", "participant_id", "ended_at", "begun_at")
            ),
            models.UniqueConstraint(
                fields=["level", "site", "participant", "visit_number", "record_number"],
                condition=models.Q(ended_at=None),
                nulls_distinct=False,
                name="trials_datalock_one_standing",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    level=LockLevel.STUDY, site=None, participant=None, visit_number=None, record_number=None
                )
                | models.Q(
                    level=LockLevel.SITE,
                    site__isnull=False,
                    participant=None,
                    visit_number=None,
                    record_number=None,
                )
                | models.Q(
                    level=LockLevel.PARTICIPANT,
                    site__isnull=False,
                    participant__isnull=False,
                    visit_number=None,
                    record_number=None,
                )
                | models.Q(
                    level=LockLevel.VISIT,
                    site__isnull=False,
                    participant__isnull=False,
                    visit_number__isnull=False,
                    record_number=None,
                )
                | models.Q(
                    level=LockLevel.FORM,
                    site__isnull=False,
                    participant__isnull=False,
                    visit_number=None,
                    record_number__isnull=False,
                ),
                name="trials_datalock_place",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_by=None, end_reason="", ending_signature=None)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="trials_datalock_ended_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=LockKind.OPEN)
                | models.Q(level__lt=LockLevel.STUDY) & ~models.Q(reason=""),
                name="trials_datalock_opened_with_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=LockKind.LOCKED, level__gte=LockLevel.SITE)
                | models.Q(signature__isnull=False),
                name="trials_datalock_signed",
            ),
            models.CheckConstraint(
                condition=models.Q(level__lt=LockLevel.STUDY)
                | ~models.Q(kind=LockKind.LOCKED)
                | models.Q(ended_at=None)
                | models.Q(ending_signature__isnull=False, second_signature__isnull=False),
                name="trials_datalock_study_ended_by_two",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.get_kind_display()}"


_NONE: Final = Cast(models.Value(None), models.BigIntegerField())


def lock_kind(participant: str = "pk", *, visit: str = "", record: str = "") -> models.Func:
    """Return the expression that says what holds over each row of a list: ``frozen``, ``locked`` or nothing.

    The arguments name the columns of the row's participant, visit and record.
    """
    return models.Func(
        models.F("site_id"),
        models.F(participant),
        models.F(visit) if visit else _NONE,
        models.F(record) if record else _NONE,
        function="trials_lock_kind",
        output_field=models.CharField(),
    )


def lock_over(
    participant: Participant, *, visit: int | None = None, record: int | None = None
) -> dict[str, Any] | None:
    """Return what holds over a participant, or a visit or record of theirs, by the database; None is nothing."""
    return lock_at(participant.site_id, participant.pk, visit, record)


def lock_at(
    site: int | None, participant: int | None = None, visit: int | None = None, record: int | None = None
) -> dict[str, Any] | None:
    """Return what holds over a place, from the study (without a site) down to a record."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT trials_lock_over(%s, %s, %s, %s)::text",
            [site, participant, visit, record],
        )
        (said,) = cursor.fetchone()
    return json.loads(said) if said else None


def without_locked(rows: Any, *, participant: str = "pk") -> Any:
    """Narrow participants, or rows of theirs, to those that no lock keeps as they are."""
    return rows.annotate(lock_kind=lock_kind(participant)).exclude(lock_kind=LockKind.LOCKED)


def is_locked(participant: Participant) -> bool:
    """Say whether nothing of the participant may change: planning and judging leave them as they are."""
    lock = lock_over(participant)
    return lock is not None and lock["kind"] == LockKind.LOCKED


def refuse_locked(participant: Participant) -> None:
    """Refuse a step with a locked participant before anything is typed or worked out for it."""
    lock = lock_over(participant)
    if lock is not None and lock["kind"] == LockKind.LOCKED:
        raise refusal_of_lock(lock)
